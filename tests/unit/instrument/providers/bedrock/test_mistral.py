from ddllm.call import Usage
from ddllm.instrument.providers.bedrock.mistral import FAMILY
from tests.support.calls import invoke, invoke_stream, metrics

SMALL = "mistral.mistral-7b-instruct-v0:2"


def test_a_text_completion_says_how_it_ended():
    answer = invoke(SMALL, {"outputs": [{"text": " to", "stop_reason": "length"}]}, request={"prompt": "<s>"})
    assert (answer.operation, answer.finish_reason, answer.usage) == ("text_completion", "length", None)


def test_a_stream_says_it_in_its_last_chunk():
    chunks = [
        {"outputs": [{"text": "a", "stop_reason": None}]},
        {"outputs": [{"text": "", "stop_reason": "stop"}]} | metrics(6, 9),
    ]
    answer = invoke_stream(SMALL, *chunks)
    assert (answer.finish_reason, answer.usage) == ("stop", Usage(6, 9))


def test_chat_models_speak_like_openai():
    body = {
        "choices": [{"message": {"content": "Hi"}, "finish_reason": "tool_calls"}],
        "usage": {"prompt_tokens": 5, "completion_tokens": 2},
    }
    answer = invoke("mistral.pixtral-large-2502-v1:0", body, request={"messages": []})
    assert (answer.operation, answer.finish_reason, answer.usage) == ("chat", "tool_use", Usage(5, 2))
    assert FAMILY.content({"choices": [{"delta": {"content": "Hi"}}]}) == "text"
    assert FAMILY.content({"outputs": [{"text": "Hi"}]}) == "text"
