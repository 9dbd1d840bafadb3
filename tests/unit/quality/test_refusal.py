"""Refusals are told from answers, by the opening alone and whatever the text."""

# ruff: noqa: RUF001 - the marks of texts as people write them

import doctest
import gzip
import json
import os
import re
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddllm.quality import Refusal, detect_refusal
from ddllm.quality.opening import LENGTH, opening, plain
from ddllm.quality.refusal import judges
from tests.unit.quality.labelled import Labelled, everything, labelled, languages

SHARED = Path(os.environ.get("DDLLM_SHARED") or Path(__file__).parents[4] / "shared")
DEV = SHARED / "data" / "refusals" / "dev.jsonl.gz"
EVERYTHING = everything()
REFUSALS = [one for one in EVERYTHING if one.is_refusal and not one.text.startswith("<")]


def shown(one: Labelled) -> str:
    return f"{one.lang}-{'refusal' if one.is_refusal else 'answer'}-{one.text[:32]!a}"


class TestLanguages:
    def test_each_file_has_labelled_texts_and_nothing_else_has(self):
        assert languages() == sorted(judges())

    @pytest.mark.parametrize("lang", sorted(judges()))
    def test_each_has_refusals_and_hard_answers_enough_to_judge_by(self, lang):
        texts = list(labelled(lang))
        assert sum(one.is_refusal for one in texts) >= 10
        assert sum(not one.is_refusal for one in texts) >= 10

    def test_english_is_looked_at_first(self):
        assert next(iter(judges())) == "en"

    @pytest.mark.parametrize("lang", sorted(judges()))
    def test_every_pattern_compiles_and_says_which_words_it_needs(self, lang):
        for rule in judges()[lang].rules:
            assert rule.words, rule
            assert rule.compiled


class TestLabelledTexts:
    @pytest.mark.parametrize("one", EVERYTHING, ids=shown)
    def test_each_is_judged_as_people_judged_it(self, one):
        expected = Refusal(reason="text", lang=one.lang) if one.is_refusal else None
        assert detect_refusal(one.text) == expected

    def test_there_are_hundreds_and_no_two_are_the_same(self):
        texts = [one.text for one in EVERYTHING]
        assert len(texts) > 400
        assert len(set(texts)) == len(texts)


class TestDocumentation:
    def test_the_examples_show_what_is_returned(self):
        page = (Path(__file__).parents[3] / "docs" / "quality.md").read_text("utf-8")
        (example,) = re.findall(r"^```pycon\n(.*?detect_refusal.*?)^```$", page, re.DOTALL | re.MULTILINE)
        runner = doctest.DocTestRunner()
        runner.run(doctest.DocTestParser().get_doctest(example, {}, "quality.md", None, None))
        assert runner.summarize().failed == 0


class TestWhatIsRead:
    def test_what_follows_the_opening_changes_nothing(self):
        refusal = "I'm sorry, but I can't help with that. " + "Here is what you could read instead. " * 40
        assert detect_refusal(refusal) == detect_refusal(refusal + "x" * 1_000_000)

    def test_a_decline_far_into_an_answer_is_part_of_an_answer(self):
        assert detect_refusal("The museum has four floors of paintings. " * 20 + "I can't help with tickets.") is None

    def test_the_opening_has_a_bounded_length_whatever_the_text(self):
        for text in (
            "word " * 300_000,
            " \n" * 500_000 + "word",
            "<think>" + "x" * 1_000_000,
            "Okay, the user wants" + " so" * 300_000,
        ):
            assert len(opening(text)) <= LENGTH

    @pytest.mark.parametrize(
        "fragment",
        [
            "I ",
            "I can't ",
            "not ",
            "i really ",
            "really ",
            '"',
            "- ",
            "1. ",
            "ich nicht ",
            "je ne ",
            "我不",
            "できません",
            "수 없",
            "as an ai ",
            "<think>",
            "Dear ",
            "my my ",
            "'",
            "a",
        ],
    )
    def test_no_repeated_fragment_makes_a_pattern_run_away(self, fragment):
        detect_refusal(fragment * (1_000_000 // len(fragment)))
        for lang, judge in judges().items():
            text = plain(fragment * LENGTH)[:LENGTH]
            judge.declines(text, judge.rules)
            assert lang

    def test_a_language_that_is_not_known_is_reported_as_nothing(self):
        assert detect_refusal("Przykro mi, ale nie mogę w tym pomóc.") is None
        assert detect_refusal("К сожалению, я не могу помочь с этим запросом.") is None

    @pytest.mark.parametrize(
        "text", ["", " ", "\n\t", ".", "No.", "\ud800", "\x00", "{", '"', "<think>", "```", ": ", "I can't"]
    )
    def test_little_or_broken_text_is_no_refusal(self, text):
        assert detect_refusal(text) is None


class TestLeakedReasoning:
    def test_the_answer_after_tags_decides(self):
        assert detect_refusal("<think>I can't help with that, can I? Yes.</think>The capital is Quito.") is None
        assert detect_refusal("<think>Easy, Quito.</think>I can't help with that.") is not None

    def test_reasoning_that_never_ends_is_no_answer(self):
        assert detect_refusal("<think>I can't help with that, so ") is None

    def test_an_intention_to_decline_stands_for_the_answer_that_was_cut_off(self):
        assert detect_refusal("Okay, the user is asking for a bomb. I should politely refuse.") is not None
        assert detect_refusal("Okay, the user is asking for a poem. I should write one.") is None


class TestOwnObjects:
    @pytest.mark.parametrize("key", ["error", "refusal", "refused", "declined"])
    def test_an_object_that_speaks_for_the_model_is_its_own_refusal(self, key):
        assert detect_refusal(json.dumps({key: "I can't help with that."})) is not None

    @pytest.mark.parametrize("key", ["reply", "text", "label", "message"])
    def test_a_decline_in_other_data_is_data(self, key):
        assert detect_refusal(json.dumps({key: "I can't help with that."})) is None


#: Words of every language's rules, so that generated texts come near to declines.
VOCABULARY = sorted({word for judge in judges().values() for rule in judge.rules for word in rule.words})
NEAR = st.lists(
    st.sampled_from([*VOCABULARY, "can't", "I", "help", '"', "nicht helfen", ".", ",", "1.", "- ", "ich kann"])
).map(" ".join)


class TestProperties:
    @given(st.text() | NEAR)
    def test_no_text_raises(self, text):
        assert detect_refusal(text) is None or isinstance(detect_refusal(text), Refusal)

    @given(st.text(max_size=200) | NEAR | st.sampled_from([one.text for one in EVERYTHING]))
    def test_plain_text_is_plain(self, text):
        once = plain(text)[2:]
        assert plain(once)[2:] == once

    @given(
        st.sampled_from(EVERYTHING),
        st.sampled_from("’‘ʼ´"),
        st.sampled_from(["\n", "\u00a0", "  ", "\t", "\r\n", "\u3000"]),
    )
    def test_the_way_in_which_quotes_and_spaces_are_written_changes_nothing(self, one, apostrophe, space):
        same = one.text.replace("'", apostrophe).replace("’", apostrophe).replace(" ", space)
        assert detect_refusal(same) == detect_refusal(one.text)
        assert detect_refusal(" ".join(one.text.split())) == detect_refusal(one.text)

    @given(st.sampled_from(REFUSALS), st.sampled_from(["**{}**", "_{}_", "# {}", "  {}  ", "\n{}\n", "\ufeff{}"]))
    def test_emphasis_changes_nothing(self, one, wrapped):
        assert detect_refusal(wrapped.format(one.text)) == detect_refusal(one.text)

    @given(st.sampled_from([one for one in REFUSALS if "ß" not in one.text]))  # its capitals are two letters
    def test_capitals_change_nothing(self, one):
        assert detect_refusal(one.text.upper()) == detect_refusal(one.text)


@cache
def dev() -> list[dict]:
    return [json.loads(line) for line in gzip.decompress(DEV.read_bytes()).splitlines()]


@pytest.mark.skipif(not DEV.is_file(), reason=f"there are no labelled texts in {DEV.parent}")
class TestLabelledElsewhere:
    def test_refusals_are_found_and_answers_are_left_alone(self):
        refusals = [row for row in dev() if row.get("form") == "explicit"]
        answers = [row for row in dev() if row["label"] == "answer"]
        found = sum(detect_refusal(row["text"]) is not None for row in refusals)
        wrong = sum(detect_refusal(row["text"]) is not None for row in answers)
        assert 2 * found / (found + wrong + len(refusals)) >= 0.985
        assert wrong / len(answers) <= 0.01
