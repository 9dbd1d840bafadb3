import pytest

from ddllm.sandbox.bedrock.ask import Ask, count_tokens, wanted_json


@pytest.mark.parametrize(("text", "tokens"), [("", 0), ("a", 1), ("four", 1), ("fives", 2), ("x" * 400, 100)])
def test_a_token_is_four_characters(text, tokens):
    assert count_tokens(text) == tokens


def test_a_prompt_is_counted_with_what_is_not_text():
    ask = Ask(max_tokens=1)
    ask.say("four")
    ask.show()
    assert ask.tokens == 1_001


def test_what_stands_before_the_cache_point_is_cacheable():
    ask = Ask(max_tokens=1)
    ask.say("system")
    ask.show()
    ask.cache()
    ask.say("question")
    assert ask.cacheable_prompt == ("system",)
    assert (ask.cacheable_tokens, ask.tokens) == (1_002, 1_004)


def test_without_a_cache_point_nothing_is_cacheable():
    ask = Ask(max_tokens=1)
    ask.say("question")
    assert (ask.cacheable_tokens, ask.cacheable_prompt) == (0, ())


def test_the_fields_that_a_prompt_names_are_wanted():
    assert wanted_json(["Answer in JSON:", '{"vendor": string, "total" : number}']) == {
        "type": "object",
        "properties": {"vendor": {"type": "string"}, "total": {"type": "number"}},
    }


def test_json_without_named_fields_is_some_object():
    assert wanted_json(["As JSON, please."]) == {"type": "object", "properties": {"answer": {"type": "string"}}}


def test_a_prompt_that_asks_for_no_json_gets_none():
    assert wanted_json(['What does "total": number mean?']) is None
