from ddllm.call import Usage
from ddllm.instrument.providers.bedrock.amazon_titan import FAMILY
from tests.support.calls import invoke, invoke_stream, metrics

EXPRESS = "amazon.titan-text-express-v1"
ASKED = {"inputText": "Hi", "textGenerationConfig": {}}


def test_a_body_says_how_it_ended_and_what_it_used():
    body = {
        "inputTextTokenCount": 28.0,
        "results": [{"tokenCount": 197.0, "outputText": "x", "completionReason": "FINISH"}],
    }
    answer = invoke(EXPRESS, body, request=ASKED)
    assert (answer.operation, answer.finish, answer.finish_reason) == ("text_completion", "FINISH", "stop")
    assert answer.usage == Usage(28, 197)


def test_an_embedding_has_an_input_alone():
    answer = invoke("amazon.titan-embed-text-v2:0", {"embedding": [0.5, -0.25], "inputTextTokenCount": 3})
    assert (answer.operation, answer.usage, answer.finish_reason) == ("embeddings", Usage(3), "unknown")


def test_a_stream_may_be_one_chunk():
    last = {
        "outputText": "Hi",
        "index": 0,
        "totalOutputTextTokenCount": 51,
        "completionReason": "LENGTH",
        "inputTextTokenCount": 18,
    }
    assert invoke_stream(EXPRESS, last).usage == Usage(18, 51)
    assert invoke_stream(EXPRESS, last | metrics(18, 51)).finish_reason == "length"


def test_a_streams_prompt_is_counted_at_its_start():
    answer = invoke_stream(EXPRESS, {"outputText": "Hi", "index": 0, "inputTextTokenCount": 18}, status="abandoned")
    assert answer.usage == Usage(18)


def test_any_text_is_content():
    assert FAMILY.content({"outputText": "Hi"}) == "text"
    assert FAMILY.content({"outputText": ""}) is None
