"""What an owner has is read by one listing, and what seems to be new is looked for."""

import pytest

from ddllm.definitions.variables import Reference, Template
from ddllm.errors import SyncError
from ddllm.sync.remote import Remotes, ids_of, read_remotes
from tests.support.things import OWNER, Things, thing


def read(things: Things, *keys: str, told: list[str] | None = None) -> Remotes:
    progress = [] if told is None else told
    return read_remotes(None, {"things": things}, [thing(key, 1) for key in keys], OWNER, progress.append)  # type: ignore[arg-type]


def test_one_listing_reads_what_is_there():
    things, told = Things(), list[str]()
    things.put_there("a", 1)
    things.put_there("b", 1)
    assert set(read(things, "a", "b", told=told)) == {Reference("things", "a"), Reference("things", "b")}
    assert things.calls == ["list"]
    assert told == ["Reading things"]


def test_what_seems_to_be_new_is_looked_for_by_its_identity():
    things = Things()
    things.put_there("a", 1)
    things.listing = lambda _api, _owner: []  # type: ignore[method-assign]
    assert set(read(things, "a", "b")) == {Reference("things", "a")}
    assert sorted(things.calls) == ["find a", "find b"]


def test_a_listing_that_finds_all_there_is_is_repeated_once_for_all_that_seems_to_be_new():
    things = Things()
    things.lists_all = True  # type: ignore[misc]
    assert read(things, "a", "b") == {}
    assert things.calls == ["list", "list"]


def test_a_copy_with_the_same_identity_stops_everything():
    things = Things()
    things.put_there("a", 1)
    things.put_there("a", 2)
    with pytest.raises(
        SyncError, match=r"2 things carry the identity of `a`: /things/1, /things/2\. A copy keeps the marks"
    ):
        read(things, "a")


def test_what_seems_to_differ_is_read_once_more_alone():
    """A listing may leave out a field that a definition declares."""
    things = Things()
    things.put_there("a", 1)
    things.put_there("b", 1)
    whole = dict(things.held)
    listed = {identifier: {**body, "value": 7} if identifier == 1 else body for identifier, body in whole.items()}
    listing, things.held = list(map(things._remote, listed.values())), whole
    things.listing = lambda _api, _owner: [each for each in listing if each]  # type: ignore[method-assign]
    assert read(things, "a", "b")[Reference("things", "a")].body["value"] == 1
    assert things.calls == ["read 1"]


def test_what_is_gone_by_then_is_not_there():
    things = Things()
    things.put_there("a", 2)
    listing = things.listing(None, OWNER)  # type: ignore[arg-type]
    things.held.clear()
    things.listing = lambda _api, _owner: listing  # type: ignore[method-assign]
    assert read(things, "a") == {}


def test_a_listing_that_leaves_out_what_it_must_hold_stops_everything(monkeypatch: pytest.MonkeyPatch):
    things = Things()
    things.put_there("a", 1)
    monkeypatch.setattr(things, "is_listed", lambda _held: True)
    monkeypatch.setattr(things, "listing", lambda _api, _owner: [])
    with pytest.raises(
        SyncError, match=r"Datadog's list of things is incomplete: it leaves out a\. Nothing was written"
    ):
        read(things, "a", "b")


def test_what_was_just_made_is_listed_the_second_time(monkeypatch: pytest.MonkeyPatch):
    things, listings = Things(), iter([[]])
    things.put_there("a", 1)
    whole = things.listing
    monkeypatch.setattr(things, "is_listed", lambda _held: True)
    monkeypatch.setattr(things, "listing", lambda api, owner: next(listings, None) or whole(api, owner))
    assert set(read(things, "a")) == {Reference("things", "a")}


def test_a_link_to_what_is_not_there_leads_to_the_list(monkeypatch: pytest.MonkeyPatch):
    things = Things()
    with pytest.raises(SyncError, match=r"`uses` needs `\$\{monitor:a\}`, which is not in Datadog yet"):
        ids_of({"monitors": things}, [thing("uses", 0, to=Template((Reference("monitors", "a"),)))], {})
    monkeypatch.setattr(Things, "stand_in", "list")
    ids = ids_of({"monitors": things}, [thing("uses", 0, to=Template((Reference("monitors", "a"),)))], {})
    assert ids == {Reference("monitors", "a"): "list"}
