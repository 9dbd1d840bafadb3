"""Whatever the family and the operation: each call says whether it was declined, and whether it kept its format.

Real processes under ddtrace-run, real boto3, packets on a real socket; the answers are made here, one for each case.
"""

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

from tests.support.agent import Agent
from tests.support.bedrock import BedrockServer
from tests.support.exchanges import Exchange, chunk, event, is_known
from tests.support.process import INTEGRATIONS, command, environment, run

DECLINED = "I'm sorry, but I can't help with that request. I can tell you about bicycles instead."
ANSWERED = "The Po runs through Turin, and the Dora joins it there."
JSON = '{"city": "Turin", "river": "Po"}'
SCHEMA = {"type": "object", "required": ["city", "river"], "properties": {"city": {"type": "string"}}}


class Family(NamedTuple):
    """A family of models: one of its ids, the body of a request, and how an answer's body and its chunks read."""

    model: str
    request: dict[str, Any]
    body: Callable[[str], Any]
    chunks: Callable[[str], list[Any]] | None


def pieces(text: str) -> Iterator[str]:
    for at in range(0, len(text), 7):
        yield text[at : at + 7]


FAMILIES = {
    "anthropic": Family(
        "us.anthropic.claude-3-5-sonnet-20241022-v2:0",
        {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 9, "messages": [{"role": "user", "content": "?"}]},
        lambda text: {"content": [{"type": "text", "text": text}], "stop_reason": "end_turn"},
        lambda text: [
            {"type": "message_start", "message": {"usage": {"input_tokens": 3, "output_tokens": 1}}},
            *({"type": "content_block_delta", "delta": {"type": "text_delta", "text": one}} for one in pieces(text)),
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 9}},
        ],
    ),
    "nova": Family(
        "amazon.nova-lite-v1:0",
        {"messages": [{"role": "user", "content": [{"text": "?"}]}]},
        lambda text: {"output": {"message": {"content": [{"text": text}]}}, "stopReason": "end_turn"},
        lambda text: [
            {"messageStart": {"role": "assistant"}},
            *({"contentBlockDelta": {"delta": {"text": one}}} for one in pieces(text)),
            {"messageStop": {"stopReason": "end_turn"}},
            {"metadata": {"usage": {"inputTokens": 3, "outputTokens": 9}}},
        ],
    ),
    "meta": Family(
        "meta.llama3-70b-instruct-v1:0",
        {"prompt": "?"},
        lambda text: {"generation": text, "stop_reason": "stop"},
        lambda text: [*({"generation": one} for one in pieces(text)), {"generation": "", "stop_reason": "stop"}],
    ),
    "titan": Family(
        "amazon.titan-text-express-v1",
        {"inputText": "?"},
        lambda text: {"inputTextTokenCount": 3, "results": [{"outputText": text, "completionReason": "FINISH"}]},
        lambda text: [*({"outputText": one} for one in pieces(text)), {"outputText": "", "completionReason": "FINISH"}],
    ),
    "mistral": Family(
        "mistral.mistral-7b-instruct-v0:2",
        {"prompt": "?"},
        lambda text: {"outputs": [{"text": text, "stop_reason": "stop"}]},
        lambda text: [
            *({"outputs": [{"text": one, "stop_reason": None}]} for one in pieces(text)),
            {"outputs": [{"text": "", "stop_reason": "stop"}]},
        ],
    ),
    "cohere": Family(
        "cohere.command-r-v1:0",
        {"message": "?"},
        lambda text: {"text": text, "finish_reason": "COMPLETE"},
        lambda text: [*({"text": one, "is_finished": False} for one in pieces(text)), {"finish_reason": "COMPLETE"}],
    ),
    "ai21": Family(
        "ai21.j2-mid-v1",
        {"prompt": "?"},
        lambda text: {"completions": [{"data": {"text": text}, "finishReason": {"reason": "endoftext"}}]},
        None,
    ),
    "openai": Family(
        "openai.gpt-oss-20b-1:0",
        {"messages": [{"role": "user", "content": "?"}]},
        lambda text: {"choices": [{"message": {"content": text}, "finish_reason": "stop"}]},
        lambda text: [
            *({"choices": [{"index": 0, "delta": {"content": one}}]} for one in pieces(text)),
            {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
        ],
    ),
    "imported": Family(
        "arn:aws:bedrock:us-east-1:123456789012:imported-model/q1w2e3",
        {"prompt": "?"},
        lambda text: {"generation": text, "stop_reason": "stop"},
        lambda text: [*({"generation": one} for one in pieces(text)), {"generation": "", "stop_reason": "stop"}],
    ),
}
CLAUDE = FAMILIES["anthropic"].model
ASKED = {"messages": [{"role": "user", "content": [{"text": "?"}]}]}
USAGE = {"inputTokens": 3, "outputTokens": 9, "totalTokens": 12}


def converse(
    case: str, content: Any, *, stop: str = "end_turn", request: dict[str, Any] | None = None, **more: Any
) -> Exchange:
    blocks = [{"text": content}] if isinstance(content, str) else content
    body = {"output": {"message": {"role": "assistant", "content": blocks}}, "stopReason": stop, "usage": USAGE, **more}
    return Exchange(case, "converse", CLAUDE, {**ASKED, **(request or {})}, body=json.dumps(body).encode())


def converse_stream(
    case: str,
    text: str = "",
    *,
    tool: str | None = None,
    stop: str = "end_turn",
    request: dict[str, Any] | None = None,
    **more: Any,
) -> Exchange:
    events = [event("messageStart", {"role": "assistant"})]
    events += [event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": one}}) for one in pieces(text)]
    events.append(event("contentBlockStop", {"contentBlockIndex": 0}))
    if tool is not None:
        start = {"toolUse": {"name": "find", "toolUseId": "t1"}}
        events.append(event("contentBlockStart", {"contentBlockIndex": 1, "start": start}))
        events += [
            event("contentBlockDelta", {"contentBlockIndex": 1, "delta": {"toolUse": {"input": one}}})
            for one in pieces(tool)
        ]
        events.append(event("contentBlockStop", {"contentBlockIndex": 1}))
    events.append(event("messageStop", {"stopReason": stop}))
    events.append(event("metadata", {"usage": USAGE, "metrics": {"latencyMs": 5}, **more}))
    return Exchange(case, "converse_stream", CLAUDE, {**ASKED, **(request or {})}, events=tuple(events))


def invoke(case: str, family: Family, text: str) -> Exchange:
    request = {"body": json.dumps(family.request).encode()}
    body = json.dumps(family.body(text)).encode()
    return Exchange(
        case, "invoke_model", family.model, request, body=body, headers={"Content-Type": "application/json"}
    )


def invoke_stream(case: str, family: Family, text: str) -> Exchange:
    assert family.chunks is not None
    request = {"body": json.dumps(family.request).encode()}
    events = tuple(chunk(one) for one in family.chunks(text))
    return Exchange(case, "invoke_model_with_response_stream", family.model, request, events=events)


TOOLS = {"toolConfig": {"tools": [{"toolSpec": {"name": "find", "inputSchema": {"json": SCHEMA}}}]}}
FORCED = {"toolConfig": {**TOOLS["toolConfig"], "toolChoice": {"any": {}}}}
FORMAT = {
    "outputConfig": {
        "textFormat": {
            "type": "json_schema",
            "structure": {"jsonSchema": {"schema": json.dumps(SCHEMA), "name": "place"}},
        }
    }
}
BLOCKED = {
    "guardrail": {
        "inputAssessment": {"g": {"topicPolicy": {"topics": [{"name": "x", "type": "DENY", "action": "BLOCKED"}]}}}
    }
}
MASKED = {
    "guardrail": {
        "outputAssessments": {
            "g": [
                {
                    "sensitiveInformationPolicy": {
                        "piiEntities": [{"match": "x", "type": "NAME", "action": "ANONYMIZED"}]
                    }
                }
            ]
        }
    }
}


class Case(NamedTuple):
    """An exchange, and what is to be counted of it: the refusal's reason, and format and reason of its check (None: no check)."""

    exchange: Exchange
    refused: str | None = None
    checked: tuple[str, str] | None = None
    context: dict[str, Any] = {}  # noqa: RUF012 - read


def cases() -> Iterator[Case]:
    for name, family in FAMILIES.items():
        yield Case(invoke(f"{name} declined", family, DECLINED), "text")
        yield Case(invoke(f"{name} answered", family, ANSWERED))
        yield Case(invoke(f"{name} json", family, JSON), None, ("json_schema", "ok"), {"expects": SCHEMA})
        yield Case(invoke(f"{name} no json", family, ANSWERED), None, ("json", "not_json"), {"expects": "json"})
        if family.chunks is not None:
            yield Case(invoke_stream(f"{name} stream declined", family, DECLINED), "text")
            yield Case(invoke_stream(f"{name} stream answered", family, ANSWERED * 50))
            yield Case(
                invoke_stream(f"{name} stream json", family, JSON), None, ("json_schema", "ok"), {"expects": SCHEMA}
            )
            long = json.dumps({"city": "Turin", "river": "Po " * 2000})
            yield Case(
                invoke_stream(f"{name} long json", family, long), None, ("json_schema", "ok"), {"expects": SCHEMA}
            )
            yield Case(
                invoke_stream(f"{name} stream cut", family, JSON[:-1]), None, ("json", "not_json"), {"expects": "json"}
            )
    yield Case(converse("declined", DECLINED), "text")
    yield Case(converse_stream("stream declined", DECLINED), "text")
    yield Case(converse("filtered", "", stop="content_filtered"), "content_filter")
    yield Case(converse("refused", "", stop="refusal"), "model")
    yield Case(converse("blocked", "Not here.", stop="guardrail_intervened", trace=BLOCKED), "guardrail")
    yield Case(converse("masked", "{NAME} lives in Turin.", stop="guardrail_intervened", trace=MASKED))
    yield Case(converse_stream("stream blocked", "Not here.", stop="guardrail_intervened", trace=BLOCKED), "guardrail")
    yield Case(converse_stream("stream masked", "{NAME} lives.", stop="guardrail_intervened", trace=MASKED))
    yield Case(converse("format kept", JSON, request=FORMAT), None, ("json_schema", "ok"))
    yield Case(converse("format broken", '{"city": 5}', request=FORMAT), None, ("json_schema", "schema"))
    yield Case(converse("format wrapped", f"```json\n{JSON}\n```", request=FORMAT), None, ("json_schema", "wrapped"))
    yield Case(converse("format cut", JSON[:-4], stop="max_tokens", request=FORMAT), None, ("json_schema", "truncated"))
    yield Case(converse("format empty", " ", request=FORMAT), None, ("json_schema", "empty"))
    yield Case(converse("format declined", DECLINED, request=FORMAT), "text", ("json_schema", "not_json"))
    yield Case(converse("format filtered", "", stop="content_filtered", request=FORMAT), "content_filter")
    yield Case(converse_stream("stream format kept", JSON, request=FORMAT), None, ("json_schema", "ok"))
    use = [{"toolUse": {"name": "find", "toolUseId": "t1", "input": json.loads(JSON)}}]
    wrong = [{"toolUse": {"name": "find", "toolUseId": "t1", "input": {"city": 5}}}]
    yield Case(converse("tool right", use, stop="tool_use", request=TOOLS), None, ("tool_arguments", "ok"))
    yield Case(
        converse("tool wrong", wrong, stop="tool_use", request=TOOLS), None, ("tool_arguments", "tool_arguments")
    )
    yield Case(converse("tool not needed", ANSWERED, request=TOOLS))
    yield Case(converse("tool forced", ANSWERED, request=FORCED), None, ("tool_arguments", "tool_arguments"))
    yield Case(
        converse("tool malformed", "", stop="malformed_tool_use", request=TOOLS),
        None,
        ("tool_arguments", "tool_arguments"),
    )
    yield Case(
        converse_stream("stream tool right", "Let me see.", tool=JSON, stop="tool_use", request=TOOLS),
        None,
        ("tool_arguments", "ok"),
    )
    yield Case(
        converse_stream("stream tool wrong", tool='{"city": 5}', stop="tool_use", request=TOOLS),
        None,
        ("tool_arguments", "tool_arguments"),
    )
    yield Case(converse("by rule", "no number"), None, ("regex", "schema"), {"prompt_template": "numbers"})
    yield Case(converse("by rule kept", "42"), None, ("regex", "ok"), {"prompt_template": "numbers"})
    yield Case(
        converse("code before request", "42", request=FORMAT),
        None,
        ("regex", "ok"),
        {"expects": {"kind": "regex", "schema": "[0-9]+"}},
    )


CASES = [case for case in cases() if is_known(case.exchange)]
CONFIGURATION = """
expects:
- {match: {prompt_template: "number*"}, kind: regex, schema: "[0-9]+"}
"""


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    """Make every call in one process; the feature is the case's number."""
    configuration = tmp_path_factory.mktemp("signals") / "ddllm.yaml"
    configuration.write_text(CONFIGURATION)
    exchanges = [one.exchange for one in CASES]
    assert len({one.id for one in exchanges}) == len(exchanges)
    encoded = [{name: _encode(value) for name, value in one.request.items()} for one in exchanges]
    numbered = [Exchange(**{**vars(one), "id": str(number)}) for number, one in enumerate(exchanges)]
    calls = [
        {"id": one.id, "operation": one.operation, "model_id": one.model_id, "request": asked, "context": case.context}
        for one, asked, case in zip(numbered, encoded, CASES, strict=True)
    ]
    with BedrockServer(numbered) as server, Agent() as seen:
        env = environment({**seen.env, **INTEGRATIONS["integration-off"], "DDLLM_CONFIG": str(configuration)})
        ended = run(
            command("ddtrace-run", "tests.replay.play"), env, stdin=json.dumps({"url": server.url, "calls": calls})
        )
        assert ended.stdout == "[]"
        yield seen.settle()


def _encode(value: Any) -> Any:
    return {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value


@pytest.mark.xdist_group("signals")
@pytest.mark.parametrize("number", range(len(CASES)), ids=[one.exchange.id for one in CASES])
def test_a_call_says_what_it_was_worth(number: int, agent: Agent) -> None:
    case, feature = CASES[number], str(number)
    assert agent.total("ddllm.requests", feature=feature) == 1
    refusals = [one.tags["reason"] for one in agent.find("ddllm.refusals", feature=feature)]
    assert refusals == ([case.refused] if case.refused else [])
    checks = [one.tags["format"] for one in agent.find("ddllm.structured.checks", feature=feature)]
    failures = [
        (one.tags["format"], one.tags["reason"]) for one in agent.find("ddllm.structured.failures", feature=feature)
    ]
    assert checks == ([case.checked[0]] if case.checked else [])
    assert failures == ([case.checked] if case.checked and case.checked[1] != "ok" else [])


@pytest.mark.xdist_group("signals")
def test_nothing_was_lost_on_the_way(agent: Agent) -> None:
    assert agent.total("ddllm.telemetry.errors") == 0
    assert {one.tags["reason"] for one in agent.find("ddllm.telemetry.dropped")} <= {"usage_missing"}
