from collections.abc import Callable, Sequence
from typing import Any

import pytest

from ddllm.call import Call
from ddllm.instrument.providers.bedrock.asked import Message
from ddllm.instrument.report import conversations
from ddllm.instrument.report.conversations import Conversations

HELLO = Message("user", "Hello, who are you?")
ANSWER = Message("assistant", "A bicycle shop's assistant.")
NEXT = Message("user", "Are you open on Sunday?")
RESULT = Message("user", None)


@pytest.fixture
def forgotten() -> list[int]:
    return []


@pytest.fixture
def ask(forgotten: list[int]) -> Callable[..., Any]:
    """Ask a second after the last answer, for a second."""
    known = Conversations(lambda: forgotten.append(1))
    clock = {"now": 0.0}

    def ask(
        messages: Sequence[Message], conversation: str = "c1", status: Any = "ok", after: float = 1.0
    ) -> str | None:
        call = Call("aws.bedrock", "Converse", "m", "r", stream=False, started=clock["now"] + after)
        call.ended = clock["now"] = call.started + 1
        call.status = status
        return known.follow(conversation, call, messages)

    return ask


def test_the_first_question_is_neither(ask):
    assert ask([HELLO]) is None


def test_the_same_question_again_is_a_regenerate(ask):
    ask([HELLO])
    assert ask([HELLO]) == "regenerate"
    assert ask([Message("user", "  hello,  WHO are you?\n")]) == "regenerate"


def test_a_new_question_after_the_answer_is_a_follow_up(ask):
    ask([HELLO])
    assert ask([HELLO, ANSWER, NEXT]) == "follow_up"
    assert ask([HELLO, ANSWER, NEXT]) == "regenerate"


def test_the_same_words_after_a_new_answer_are_a_follow_up(ask):
    again = Message("user", "ok, continue")
    ask([HELLO, ANSWER, again])
    assert ask([HELLO, ANSWER, again, ANSWER, again]) == "follow_up"


def test_a_question_that_is_put_differently_is_neither(ask):
    ask([HELLO, ANSWER, NEXT])
    assert ask([HELLO, ANSWER, Message("user", "And on Monday?")]) is None


def test_where_nobody_keeps_the_beginning_a_new_question_is_a_follow_up(ask):
    ask([HELLO])
    assert ask([NEXT]) == "follow_up"


def test_a_tools_result_is_no_question(ask):
    ask([HELLO])
    assert ask([HELLO, Message("assistant", None), RESULT]) is None
    assert ask([HELLO, ANSWER]) is None
    assert ask([]) is None
    assert ask([HELLO]) == "regenerate"


def test_a_beginning_that_was_cut_off_is_still_a_follow_up(ask):
    ask([HELLO, ANSWER, NEXT])
    assert ask([NEXT, ANSWER, HELLO]) == "follow_up"


def test_a_question_that_was_not_answered_is_not_remembered(ask):
    ask([HELLO], status="error")
    assert ask([HELLO]) is None


def test_what_is_asked_side_by_side_is_neither(ask):
    ask([HELLO])
    assert ask([HELLO], after=-0.5) is None


def test_conversations_are_apart(ask):
    ask([HELLO])
    assert ask([HELLO], conversation="c2") is None


def test_a_conversation_is_forgotten_after_a_while(ask):
    ask([HELLO])
    assert ask([HELLO], after=conversations.MEMORY + 1) is None


def test_so_many_are_remembered_and_each_more_is_counted(ask, forgotten, monkeypatch):
    monkeypatch.setattr(conversations, "MOST", 2)
    for name in ("c1", "c2", "c1", "c3"):
        ask([HELLO], conversation=name)
    assert forgotten == [1]
    assert ask([HELLO], conversation="c1") == "regenerate"
    assert ask([HELLO], conversation="c2") is None


def test_no_text_is_kept():
    known = Conversations(lambda: None)
    call = Call("aws.bedrock", "Converse", "m", "r", stream=False, started=0.0)
    call.ended = 1.0
    known.follow("conversation-canary", call, [Message("user", "question-canary")])
    assert "canary" not in repr(vars(known))


def test_other_images_or_case_of_an_id_are_another_question(ask):
    ask([Message("user", "Summarise", "image 1")])
    assert ask([Message("user", "Summarise", "image 2")]) == "follow_up"
    ask([HELLO], conversation="aBc")
    assert ask([HELLO], conversation="AbC") is None
