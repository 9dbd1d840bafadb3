import pytest

from ddllm.sandbox.bedrock.failures import Refused
from ddllm.sandbox.bedrock.families.llama import FAMILY
from ddllm.sandbox.bedrock.reply import Reply, Text, Timing, Usage
from tests.support.simulator import LLAMA

TIMING = Timing(queued=0, first_byte=0.9, first_token=1.0, speed=10.0)


def reply(text, stop="stop", output=5):
    return Reply("request", "message", LLAMA, (Text(text),), stop, Usage(3, output), TIMING)


@pytest.mark.parametrize("body", [{}, {"prompt": ""}, {"prompt": ["x"]}])
def test_a_prompt_is_required(body):
    with pytest.raises(Refused, match="required key"):
        FAMILY.read(body)


def test_a_prompt_and_its_limit_are_read():
    ask = FAMILY.read({"prompt": "Hello?", "max_gen_len": 9})
    assert (ask.parts, ask.max_tokens) == (["Hello?"], 9)
    assert FAMILY.read({"prompt": "Hello?"}).max_tokens == 512


@pytest.mark.parametrize("stop", ["stop", "length"])
def test_an_answer_is_a_generation(stop):
    assert FAMILY.body(reply("Two days, at most.", stop)) == {
        "generation": "Two days, at most.",
        "prompt_token_count": 3,
        "generation_token_count": 5,
        "stop_reason": stop,
    }


def test_a_stream_counts_its_tokens_and_ends_with_the_reason():
    sent = [content for _, content in FAMILY.chunks(reply("Two days, at most."))]
    assert "".join(one["generation"] for one in sent) == "Two days, at most."
    assert [one["prompt_token_count"] for one in sent] == [3, None, None]
    assert [one["generation_token_count"] for one in sent] == [3, 5, 5]
    assert [one["stop_reason"] for one in sent] == [None, None, "stop"]
    assert sent[-1]["amazon-bedrock-invocationMetrics"] == {
        "inputTokenCount": 3,
        "outputTokenCount": 5,
        "invocationLatency": 1_400,
        "firstByteLatency": 900,
    }
