"""Recorded traffic read by ddllm: every figure is the one that was recorded."""

import base64
import gzip
import json
import os
from functools import cache
from pathlib import Path

import pytest

from ddllm.call import Call, Usage
from ddllm.instrument.providers import bedrock
from tests.support.eventstream import events_of

SHARED = Path(os.environ.get("DDLLM_SHARED") or Path(__file__).parents[3] / "shared")
RECORDINGS = SHARED / "data" / "bedrock-recordings" / "interactions.jsonl.gz"
pytestmark = pytest.mark.skipif(not RECORDINGS.is_file(), reason=f"there are no recordings in {RECORDINGS.parent}")

APIS = {
    "converse": "Converse",
    "converse_stream": "ConverseStream",
    "invoke_model": "InvokeModel",
    "invoke_model_with_response_stream": "InvokeModelWithResponseStream",
}
#: The recordings' families -> vendor and family.
FAMILIES = {
    "anthropic": ("anthropic", "anthropic"),
    "amazon-nova": ("amazon", "amazon_nova"),
    "amazon-titan-text": ("amazon", "amazon_titan"),
    "amazon-titan-embed": ("amazon", "amazon_titan"),
    "meta": ("meta", "meta"),
    "mistral": ("mistral", "mistral"),
    "cohere": ("cohere", "cohere"),
    "cohere-embed": ("cohere", "cohere"),
    "cohere-rerank": ("cohere", "cohere"),
    "ai21": ("ai21", "ai21"),
    "app-inference-profile": ("unknown", "unknown"),
    "other": ("unknown", "unknown"),
}
REASONS = {
    "end_turn": "stop",
    "stop": "stop",
    "finish": "stop",
    "complete": "stop",
    "endoftext": "stop",
    "max_tokens": "length",
    "length": "length",
    "tool_use": "tool_use",
    "stop_sequence": "stop_sequence",
    "guardrail_intervened": "guardrail",
}
#: The model was kept from the request; nothing says so but the guardrail's action.
BLOCKED = "test_guardrail_invoke_stream.yaml#0"


@cache
def recordings() -> list[dict]:
    rows = [json.loads(line) for line in gzip.decompress(RECORDINGS.read_bytes()).splitlines()]
    return [row for row in rows if row["operation"] in APIS]


def events(row: dict) -> list:
    return events_of(base64.b64decode(row["body"]))


def call(row: dict) -> Call:
    api = APIS[row["operation"]]
    made = Call("aws.bedrock", api, row["model_id"], "us-east-1", stream=api.endswith("tream"), started=0.0)
    made.request = base64.b64decode(row["req_body"])
    made.headers = {name.lower(): value for name, value in row["headers"].items()}
    made.status = "ok" if row["status"] == 200 else "error"
    if not row["eventstream"]:
        made.response = base64.b64decode(row["body"])
    elif api == "ConverseStream":
        made.response = [{kind: payload} for kind, payload in events(row) if kind != "contentBlockDelta"]
    else:
        made.response = [payload for _, payload in events(row)]
    return made


def expected_usage(row: dict) -> Usage | None:
    if row["status"] != 200:
        return None
    counts, prefix, names = counted(row)
    if not any(f"{prefix}{name}" in counts for name in names):
        return None
    read = [int(float(counts[prefix + name])) if prefix + name in counts else None for name in names]
    sent, made, cache_read, cache_write = read
    return Usage(sent + (cache_read or 0) + (cache_write or 0), made, cache_read, cache_write)


def counted(row: dict) -> tuple[dict, str, tuple[str, ...]]:
    """Find where the service itself counted."""
    if row["operation"] == "invoke_model":
        names = (
            "input-token-count",
            "output-token-count",
            "cache-read-input-token-count",
            "cache-write-input-token-count",
        )
        return row["usage_headers"], "x-amzn-bedrock-", names
    if row["operation"] == "invoke_model_with_response_stream":
        last = json.loads(events(row)[-1][1])
        names = ("inputTokenCount", "outputTokenCount", "cacheReadInputTokenCount", "cacheWriteInputTokenCount")
        return last.get("amazon-bedrock-invocationMetrics", {}), "", names
    names = ("inputTokens", "outputTokens", "cacheReadInputTokens", "cacheWriteInputTokens")
    return row["expected_usage"], "", names


def expected_reason(row: dict) -> str:
    if row["id"].endswith(BLOCKED):
        return "guardrail"
    return REASONS[row["stop_reason"].lower()] if row["stop_reason"] else "unknown"


def test_all_recordings_are_there():
    assert len(recordings()) == 193


def test_tokens_are_the_recorded_ones():
    wrong = {}
    for row in recordings():
        usage = bedrock.read(call(row), row["model_id"]).usage
        if usage != expected_usage(row):
            wrong[row["id"]] = (usage, expected_usage(row))
    assert wrong == {}


def test_the_recordings_hold_tokens_of_every_kind():
    usages = [usage for row in recordings() if (usage := expected_usage(row))]
    assert len(usages) == 185  # all but six errors, a rerank, and the request that was blocked
    assert sum(bool(usage.cache_read) for usage in usages) > 5
    assert sum(bool(usage.cache_write) for usage in usages) > 5


def test_finish_reasons_are_the_recorded_ones():
    wrong = {}
    for row in recordings():
        answer = bedrock.read(call(row), row["model_id"])
        if (answer.finish, answer.finish_reason) != (row["stop_reason"], expected_reason(row)):
            wrong[row["id"]] = (answer.finish, answer.finish_reason, row["stop_reason"])
    assert wrong == {}


def test_vendors_and_families_are_the_recorded_ones():
    wrong = {}
    for row in recordings():
        model = bedrock.identify(row["model_id"])
        if (model.vendor, model.family) != FAMILIES[row["family"]]:
            wrong[row["id"]] = model
    assert wrong == {}


def test_every_stream_has_a_first_content_that_is_found():
    lost = []
    for row in recordings():
        if row["eventstream"] and row["operation"].startswith("invoke"):
            marker = bedrock.content_marker(row["model_id"])
            found = [marker(payload) for _, payload in events(row)]
            # One answer is empty: the model stopped at once.
            if not any(found) and b'"completion":""' not in events(row)[0][1]:
                lost.append(row["id"])
    assert lost == []


def test_the_services_latency_is_read_wherever_it_was_recorded():
    for row in recordings():
        if row["status"] == 200 and not row["id"].endswith(BLOCKED):
            answer = bedrock.read(call(row), row["model_id"])
            assert answer.latency is not None
            assert (answer.first_byte is not None) == (row["operation"] == "invoke_model_with_response_stream")


def test_a_recorded_answer_that_was_cut_anywhere_is_survived():
    for row in recordings()[::8]:
        whole = call(row)
        for share in (0, 0.3, 0.7, 0.99):
            whole.response = (call(row).response or b"")[: int(len(call(row).response or b"") * share)]
            assert bedrock.read(whole, row["model_id"]).operation
