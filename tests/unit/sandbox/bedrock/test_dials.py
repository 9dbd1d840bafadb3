import dataclasses

import pytest

from ddllm.errors import ConfigError
from ddllm.sandbox.bedrock.dials import NAMES, Board, Dials


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"throttle": 1.5}, "the dial throttle cannot be 1.5. It is a number, 0 to 1"),
        ({"throttle": True}, "the dial throttle cannot be True"),
        ({"ttft_p50": "fast"}, "the dial ttft_p50 cannot be 'fast'. It is a number, 0.1 or more"),
        ({"tokens_per_second": 0}, "the dial tokens_per_second cannot be 0"),
        ({"drift": float("nan")}, "the dial drift cannot be nan"),
        ({"stream_fault_kind": "fire"}, "the dial stream_fault_kind cannot be 'fire'. It is one of modelStream"),
        ({"throtle": 0.5}, "there is no dial 'throtle'. Did you mean throttle?"),
        ({"zzz": 1}, "there is no dial 'zzz'. There are ttft_p50, "),
    ],
)
def test_what_is_no_dial_or_no_value_is_named(changes, said):
    with pytest.raises(ConfigError) as raised:
        Dials().changed(changes)
    assert str(raised.value).startswith(said)


def test_every_dial_says_what_it_is():
    assert all(one.metadata["description"].endswith(".") for one in dataclasses.fields(Dials))


def test_dials_are_turned_for_the_models_that_match():
    board = Board(Dials(throttle=0.1))
    board.turn({"*haiku*": {"throttle": 0.9}})
    assert board.of("us.anthropic.claude-3-5-haiku-v1:0").throttle == 0.9
    assert board.of("us.anthropic.claude-3-5-sonnet-v2:0").throttle == 0.1


def test_dials_turned_one_by_one_add_up():
    board = Board(Dials())
    board.turn({"*": {"throttle": 0.5}})
    board.turn({"*": {"drift": 2}})
    assert (board.of("m").throttle, board.of("m").drift) == (0.5, 2)


def test_what_was_turned_last_holds():
    board = Board(Dials())
    board.turn({"*haiku*": {"throttle": 0.9}})
    board.turn({"*": {"throttle": 0.2}})
    assert board.of("haiku").throttle == 0.2
    board.turn({"*haiku*": {"drift": 3}})
    assert board.of("haiku").throttle == 0.9


def test_a_wrong_turn_turns_nothing():
    board = Board(Dials())
    with pytest.raises(ConfigError):
        board.turn({"a": {"throttle": 0.5}, "b": {"throttle": 5}})
    assert board.as_json()["turned"] == {}


def test_what_is_no_object_is_refused():
    with pytest.raises(ConfigError, match="the dials of '\\*' are no object"):
        Board(Dials()).turn({"*": 5})


def test_reset_turns_everything_back():
    board = Board(Dials(drift=2))
    board.turn({"*": {"drift": 9}})
    board.reset()
    assert board.of("m").drift == 2


def test_the_board_tells_what_holds():
    board = Board(Dials())
    board.turn({"m": {"drift": 2}})
    told = board.as_json()
    assert tuple(told["base"]) == NAMES
    assert told["turned"] == {"m": {"drift": 2}}
