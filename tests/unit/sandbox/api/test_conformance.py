"""What holds recordings against the sandbox can fail: a recorder that nothing disturbs would prove nothing."""

from typing import Any

import pytest

from ddllm.sync.normalise import Normaliser, Row, gone
from tests.support.conformance import Difference, replay, second_sync, unexplained

NORMALISER = Normaliser(version=1, rows=(Row("id", "", gone), Row("name", ""), Row("size", "")))


def exchange(method: str, path: str, sent: Any, answer: Any, status: int = 200) -> dict[str, Any]:
    return {"recording": "r", "method": method, "path": path, "sent": sent, "status": status, "answer": answer}


SESSION = [
    exchange("POST", "/things", {"name": "n"}, {"id": "abc", "name": "n", "at": 1}),
    exchange("GET", "/things/abc", None, {"id": "abc", "name": "n", "at": 2}),
    exchange("DELETE", "/things/abc", None, {"deleted": "abc"}),
]


def emulator(**wrong: Any) -> Any:
    """Answer as the recorded service did, under an id of its own, and as `wrong` says."""

    def call(method: str, path: str, body: Any) -> tuple[int, Any]:
        if method == "POST":
            return wrong.get("status", 200), {"id": "xyz", "at": 9, **body, **wrong.get("body", {})}
        assert path == "/things/xyz"
        return 200, {"deleted": "xyz"} if method == "DELETE" else {"id": "xyz", "name": "n", "at": 9}

    return call


def test_ids_and_what_is_of_the_moment_are_no_difference():
    assert list(replay(SESSION, emulator(), of_the_moment=("at",))) == []


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"body": {"name": "m"}}, "name"),
        ({"body": {"more": 1}}, "more"),
        ({"body": {"at": None, "name": 1.0}}, "name"),
    ],
)
def test_a_field_that_differs_is_named(wrong: dict[str, Any], field: str):
    [difference] = replay(SESSION, emulator(**wrong), of_the_moment=("at",))
    assert (difference.request, difference.field) == ("POST /things", field)


def test_another_status_is_a_difference():
    found = list(replay(SESSION[:1], emulator(status=400), of_the_moment=("at",)))
    assert [(each.field, each.recorded) for each in found] == [("status", 200)]


def test_a_whole_number_is_no_float():
    session = [exchange("GET", "/things/xyz", None, {"size": 1})]
    [difference] = replay(session, lambda *_request: (200, {"size": 1.0}), of_the_moment=())
    assert difference.field == "size"


@pytest.mark.parametrize(
    ("answer", "fields"),
    [({"id": 1, "name": "n"}, []), ({"id": 1, "name": "m"}, ["name"]), ({"id": 1, "name": "n", "size": 2}, ["size"])],
)
def test_what_a_second_sync_would_change_is_named(answer: dict[str, Any], fields: list[str]):
    session = [exchange("POST", "/things", {"name": "n"}, answer)]
    assert [each.field for each in second_sync(NORMALISER, session, lambda body: [body])] == fields


def test_a_later_listing_is_held_against_the_write_before_it():
    session = [
        exchange("POST", "/things", {"name": "n"}, {"id": 1, "name": "n"}),
        exchange("GET", "/things", None, [{"id": 2, "name": "x"}, {"id": 1, "name": "lost"}]),
    ]
    objects = lambda body: body if isinstance(body, list) else [body]  # noqa: E731
    assert [each.recorded for each in second_sync(NORMALISER, session, objects)] == ["lost"]


def test_of_a_partial_write_only_what_it_names_is_compared():
    session = [exchange("PUT", "/things/1", {"name": "n"}, {"id": 1, "name": "n", "size": 2})]
    assert list(second_sync(NORMALISER, session, lambda body: [body])) == []


def test_reasons_that_nothing_needs_are_told():
    difference = Difference("r", "GET /things", "name", 1, 2)
    assert unexplained([difference], {"name": "why"}) == []
    assert unexplained([difference], {}, {"r": "why"}) == []
    assert unexplained([difference], {"size": "why"}) == [difference, "not needed: size"]
