import pytest

from ddllm.call import Usage
from ddllm.instrument.providers.bedrock.cohere import FAMILY
from tests.support.calls import invoke, invoke_stream, metrics

COMMAND, COMMAND_R = "cohere.command-light-text-v14", "cohere.command-r-v1:0"
COUNTED = {"x-amzn-bedrock-input-token-count": "7", "x-amzn-bedrock-invocation-latency": "271"}


def test_a_generation_says_how_it_ended():
    body = {"generations": [{"finish_reason": "MAX_TOKENS", "text": " A"}, {"finish_reason": "COMPLETE", "text": " B"}]}
    answer = invoke(COMMAND, body, request={"prompt": "Hi"})
    assert (answer.operation, answer.finish, answer.finish_reason) == ("text_completion", "MAX_TOKENS", "length")


def test_a_chat_says_how_it_ended():
    answer = invoke(COMMAND_R, {"text": "Hi", "finish_reason": "COMPLETE"}, request={"message": "Hi"})
    assert (answer.operation, answer.finish_reason, answer.usage) == ("chat", "stop", None)


def test_tokens_are_read_where_they_are_given_and_billed_units_are_none():
    meta = {"billed_units": {"input_tokens": 3, "output_tokens": 2}, "tokens": {"input_tokens": 69, "output_tokens": 4}}
    assert invoke(COMMAND_R, {"text": "Hi", "finish_reason": "COMPLETE", "meta": meta}).usage == Usage(69, 4)
    del meta["tokens"]
    assert invoke(COMMAND_R, {"text": "Hi", "finish_reason": "COMPLETE", "meta": meta}).usage is None


def test_a_stream_of_several_generations_ends_once():
    chunks = [{"index": 0, "is_finished": False, "text": " In"}, {"index": 1, "is_finished": False, "text": " It"}]
    answer = invoke_stream(COMMAND, *chunks, {"finish_reason": "MAX_TOKENS", "is_finished": True} | metrics(40, 20))
    assert (answer.finish_reason, answer.usage) == ("length", Usage(40, 20))


def test_embeddings_are_counted_by_the_header_and_their_vectors_are_not_parsed():
    answer = invoke("cohere.embed-english-v3", b'{"embeddings": [[0.5', headers=COUNTED)
    assert (answer.operation, answer.usage, answer.latency) == ("embeddings", Usage(7), 0.271)


def test_a_rerank_is_answered_without_usage():
    body = {"results": [{"index": 2, "relevance_score": 0.87}]}
    answer = invoke("cohere.rerank-v3-5:0", body, headers={"x-amzn-bedrock-invocation-latency": "109"})
    assert (answer.operation, answer.usage, answer.latency) == ("rerank", None, 0.109)


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ({"event_type": "text-generation", "text": "Hi"}, "text"),
        ({"event_type": "tool-calls-chunk", "tool_call_delta": {"parameters": '{"a"'}}, "tool"),
        ({"event_type": "tool-calls-generation", "tool_calls": [{"name": "f", "parameters": {}}]}, "tool"),
        ({"event_type": "stream-start", "generation_id": "g"}, None),
        ({"is_finished": True, "finish_reason": "COMPLETE"}, None),
    ],
)
def test_a_chunk_is_content_when_there_is_something_in_it(event, kind):
    assert FAMILY.content(event) == kind
