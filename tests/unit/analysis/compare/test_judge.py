import re

import pytest

from ddllm.analysis.compare.bedrock import Answer
from ddllm.analysis.compare.judge import Judge, Verdict
from ddllm.definitions.workload import Check, Expected, Prompt

JUDGE = Judge()
ASKED = (("user", "Hello?"),)
JSON = Prompt("p", ASKED, expects=Expected("json_schema", {"type": "object"}, allow_wrapped=True))


def test_an_answer_that_keeps_everything():
    prompt = Prompt("p", ASKED, expects=Expected("json"), checks=(Check("contains", "1"), Check("contains", "2")))
    assert JUDGE.verdict(prompt, Answer('{"a": 1}', "end_turn")) == Verdict(None, True, None, (True, False))


def test_nothing_is_said_of_a_format_that_nobody_expects():
    assert JUDGE.verdict(Prompt("p", ASKED), Answer("Hello.", "end_turn")) == Verdict()


def test_a_refusal_in_words_breaks_the_format_too():
    said = JUDGE.verdict(JSON, Answer("I cannot provide that.", "end_turn"))
    assert (said.refusal, said.format_ok, said.format_reason) == ("text", False, "not_json")


@pytest.mark.parametrize(
    ("finish", "reason"),
    [("content_filtered", "content_filter"), ("guardrail_intervened", "guardrail"), ("refusal", "model")],
)
def test_what_the_provider_withheld_is_a_refusal_and_no_broken_format(finish, reason):
    assert JUDGE.verdict(JSON, Answer("", finish)) == Verdict(reason)


def test_the_check_gets_all_that_it_needs():
    asked = []
    judge = Judge(lambda text: None, lambda *args, **more: asked.append((args, more)) or re.match("", ""))
    with pytest.raises(AttributeError):  # the stand-in's result is none
        judge.verdict(JSON, Answer("{", "max_tokens"))
    given = ("{", {"kind": "json_schema", "schema": {"type": "object"}})
    assert asked == [(given, {"finish_reason": "max_tokens", "allow_wrapped": True})]
