from ddllm.call import Usage
from tests.support.calls import invoke, invoke_stream, metrics


def test_a_completion_says_how_it_ended():
    body = {"completions": [{"data": {"text": "Hi"}, "finishReason": {"reason": "endoftext"}}]}
    answer = invoke("ai21.j2-mid-v1", body, request={"prompt": "Hi"})
    assert (answer.operation, answer.finish, answer.finish_reason) == ("text_completion", "endoftext", "stop")


def test_jamba_speaks_like_openai():
    body = {"choices": [{"finish_reason": "length"}], "usage": {"prompt_tokens": 5, "completion_tokens": 2}}
    answer = invoke("ai21.jamba-1-5-large-v1:0", body, request={"messages": []})
    assert (answer.operation, answer.finish_reason, answer.usage) == ("chat", "length", Usage(5, 2))


def test_a_jamba_stream_says_it_in_its_last_chunks():
    chunks = [
        {"choices": [{"delta": {"content": "Hi"}}]},
        {"choices": [{"delta": {"content": ""}, "finish_reason": "stop"}]},
    ]
    answer = invoke_stream("ai21.jamba-1-5-large-v1:0", *chunks[:1], chunks[1] | metrics(5, 2))
    assert (answer.finish_reason, answer.usage) == ("stop", Usage(5, 2))
