from ddllm.call import Usage
from ddllm.instrument.providers.bedrock.meta import FAMILY
from tests.support.calls import invoke, invoke_stream, metrics

LLAMA = "us.meta.llama3-2-90b-instruct-v1:0"


def chunk(text, made, stop=None, sent=None):
    return {"generation": text, "prompt_token_count": sent, "generation_token_count": made, "stop_reason": stop}


def test_a_body_says_how_it_ended_and_what_it_used():
    answer = invoke(LLAMA, chunk("Lorem", 60, "length", 10), request={"prompt": "ipsum"})
    assert (answer.operation, answer.finish_reason, answer.usage) == ("text_completion", "length", Usage(10, 60))


def test_a_stream_counts_on_and_is_final_with_its_reason():
    chunks = [chunk("\n", 1, sent=10), chunk("Lo", 2), chunk("rem", 3, "stop")]
    assert invoke_stream(LLAMA, *chunks).usage == Usage(10, 3)
    assert invoke_stream(LLAMA, *chunks[:-1], chunks[-1] | metrics(10, 3)).finish_reason == "stop"


def test_a_running_count_is_no_count():
    assert invoke_stream(LLAMA, chunk("\n", 1, sent=10), chunk("Lo", 2), status="abandoned").usage == Usage(10)


def test_any_text_is_content():
    assert FAMILY.content(chunk("\n", 1)) == "text"
    assert FAMILY.content(chunk("", 1)) is None
