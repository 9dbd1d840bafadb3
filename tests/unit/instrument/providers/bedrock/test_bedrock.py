"""The package's three functions, on any bytes."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddllm.call import Answer, Usage
from ddllm.instrument.providers.bedrock import content_marker, read
from tests.support.calls import compact, finished

MODELS = st.sampled_from(
    [
        "us.anthropic.claude-3-haiku-20240307-v1:0",
        "meta.llama3-8b-instruct-v1:0",
        "amazon.nova-lite-v1:0",
        "amazon.titan-text-express-v1",
        "amazon.titan-embed-text-v1",
        "cohere.command-r-v1:0",
        "mistral.mistral-7b-instruct-v0:2",
        "openai.gpt-oss-20b-1:0",
        "arn:aws:bedrock:us-east-1:123456789012:imported-model/abcdefghij12",
    ]
)
WORDS = st.sampled_from(
    [
        "usage",
        "stop_reason",
        "stopReason",
        "metadata",
        "messageStop",
        "inputTokens",
        "choices",
        "delta",
        "metrics",
        "1",
        "x",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=10,
)
BYTES = st.binary(max_size=80) | JSON.map(lambda value: json.dumps(value).encode())
HEADERS = st.dictionaries(
    st.sampled_from(
        ["x-amzn-bedrock-input-token-count", "x-amzn-bedrock-output-token-count", "x-amzn-bedrock-service-tier"]
    ),
    st.text(max_size=6),
)


def sane(answer: Answer) -> bool:
    usage = answer.usage or Usage()
    counts = [getattr(usage, name) for name in Usage.__slots__]
    return (
        all(count is None or count >= 0 for count in counts)
        and (answer.latency is None or answer.latency >= 0)
        and answer.finish_reason in {"stop", "length", "tool_use", "unknown", "error"}
        and answer.operation in {"chat", "text_completion", "embeddings"}
    )


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["Converse", "InvokeModel"]),
    MODELS,
    BYTES | st.none(),
    BYTES | st.none(),
    HEADERS,
    st.sampled_from(["ok", "error"]),
)
def test_a_body_of_any_bytes_is_read_to_something_sane(api, model_id, body, request_body, headers, status):
    call = finished(api, model_id, body, headers=headers, status=status)
    call.request = request_body
    assert sane(read(call, model_id))


@settings(max_examples=150, deadline=None)
@given(MODELS, st.lists(BYTES, max_size=6), st.sampled_from(["ok", "error", "abandoned"]))
def test_a_stream_of_any_chunks_is_read_to_something_sane(model_id, chunks, status):
    assert sane(read(finished("InvokeModelWithResponseStream", model_id, chunks, status=status), model_id))


@settings(max_examples=100, deadline=None)
@given(MODELS, st.lists(JSON, max_size=4))
def test_a_converse_stream_of_any_events_is_read_to_something_sane(model_id, events):
    assert sane(read(finished("ConverseStream", model_id, events), model_id))


def test_a_call_that_kept_nothing_is_read():
    for api in ("Converse", "ConverseStream", "InvokeModel"):
        assert sane(read(finished(api, "amazon.nova-lite-v1:0", None), "amazon.nova-lite-v1:0"))


def test_the_id_that_an_alias_stands_for_decides_how_a_body_reads():
    call = finished("InvokeModel", "arn:aws:bedrock:eu-west-1:1:application-inference-profile/abc", b"")
    assert read(call, "amazon.titan-embed-text-v2:0").operation == "embeddings"


@settings(max_examples=150, deadline=None)
@given(MODELS, BYTES)
def test_any_chunk_is_content_or_not(model_id, chunk):
    assert content_marker(model_id)(chunk) in {True, False}


@pytest.mark.parametrize(
    ("model_id", "chunks", "first"),
    [
        (
            "us.anthropic.claude-3-haiku-20240307-v1:0",
            [
                {"type": "message_start", "message": {"content": []}},
                {"type": "content_block_start", "content_block": {"type": "text", "text": ""}},
                {"type": "ping"},
                {"type": "content_block_delta", "delta": {"type": "text_delta", "text": ""}},
                {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "Hi"}},
            ],
            4,
        ),
        ("meta.llama3-8b-instruct-v1:0", [{"generation": ""}, {"generation": "\n"}], 1),
        (
            "amazon.nova-lite-v1:0",
            [{"messageStart": {"role": "assistant"}}, {"contentBlockDelta": {"delta": {"text": "It"}}}],
            1,
        ),
        (
            "openai.gpt-oss-20b-1:0",
            [{"choices": [{"delta": {"role": "assistant"}}]}, {"choices": [{"delta": {"content": "x"}}]}],
            1,
        ),
        ("arn:aws:sagemaker:us-east-1:1:endpoint/e", [{"choices": [{"text": ""}]}, {"choices": [{"text": "x"}]}], 1),
    ],
)
def test_the_first_content_of_a_stream_is_found(model_id, chunks, first):
    marker = content_marker(model_id)
    assert [marker(compact(chunk)) for chunk in chunks].index(True) == first


def test_the_marker_of_a_model_is_made_once():
    assert content_marker("amazon.nova-lite-v1:0") is content_marker("amazon.nova-lite-v1:0")
