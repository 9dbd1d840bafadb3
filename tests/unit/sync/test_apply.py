"""A plan is carried out in order, each create exactly once, and a failure says how far it came."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from ddllm.api.datadog import Datadog, DuplicateError, NoAnswerError
from ddllm.definitions.variables import Secret, Template
from ddllm.errors import ApiError
from ddllm.sync.apply import Outcome, PartialSyncError, Result, apply_plan
from ddllm.sync.identity import Owner
from ddllm.sync.plan import Plan
from ddllm.sync.resource import Remote
from tests.support.things import Fault, Things, planned, thing, writer


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def things() -> Things:
    return Things()


def apply(things: Things, plan: Plan, waits: list[float] | None = None) -> list[Outcome]:
    things.calls.clear()
    told: list[Outcome] = []
    done = apply_plan(writer(things, ([] if waits is None else waits).append), plan, told.append)
    assert told == done
    return done


def test_what_is_new_is_created_and_marked(things: Things):
    [outcome] = apply(things, planned(things, thing("a", 1)))
    assert (outcome.result, outcome.remote.key) == (Result.CREATED, "a")
    assert not planned(things, thing("a", 1)).steps


def test_what_changed_is_read_again_and_then_replaced(things: Things):
    things.put_there("a", 1)
    [outcome] = apply(things, planned(things, thing("a", 2)))
    assert outcome.result is Result.UPDATED
    assert things.calls == ["read 1", "update 1"]
    assert not planned(things, thing("a", 2)).steps


def test_references_are_filled_in_and_validated_once_their_objects_exist(things: Things):
    apply(things, planned(things, thing("uses", 0, "a"), thing("a", 1)))
    assert things.calls == ["create a", "validate uses", "create uses"]
    assert things.held[2]["uses"] == 1
    assert not planned(things, thing("uses", 0, "a"), thing("a", 1)).steps


@pytest.mark.parametrize("change", [{"value": 9}, {"marks": ["ddllm:shop/prod/a", "ddllm_applied:1-other"]}])
def test_an_object_that_changed_since_it_was_read_is_skipped(things: Things, change: dict[str, object]):
    things.put_there("a", 1)
    plan = planned(things, thing("a", 2))
    things.held[1] = {**things.held[1], **change}
    [outcome] = apply(things, plan)
    assert outcome.result is Result.MOVED
    assert things.calls == ["read 1"]


def test_an_object_that_is_gone_since_is_skipped(things: Things):
    things.put_there("a", 1)
    plan = planned(things, thing("a", 2))
    things.held.clear()
    assert [outcome.result for outcome in apply(things, plan)] == [Result.MOVED]


def test_a_create_that_was_not_answered_is_found(things: Things):
    things.faults = [Fault(NoAnswerError("gone"), happened=True)]
    [outcome] = apply(things, planned(things, thing("a", 1)))
    assert outcome.result is Result.CREATED
    assert (len(things.held), things.calls) == (1, ["create a", "find a"])


def test_a_create_that_did_not_happen_is_tried_again_after_looking(things: Things):
    waits: list[float] = []
    things.faults = [Fault(NoAnswerError("gone"))]
    apply(things, planned(things, thing("a", 1)), waits)
    assert (len(things.held), things.calls) == (1, ["create a", "find a", "find a", "find a", "create a"])
    assert waits == [0.5, 1, 2]


def test_a_create_that_is_never_answered_ends(things: Things):
    things.faults = [Fault(NoAnswerError("no answer"))] * 3
    with pytest.raises(
        PartialSyncError,
        match=r"`a` may or may not have been written: no answer\. Nothing was written\. Not written: a, b",
    ):
        apply(things, planned(things, thing("a", 1), thing("b", 1)))
    assert things.calls.count("create a") == 3


def test_a_duplicate_of_ours_was_made_by_a_run_beside_this_one(things: Things):
    plan = planned(things, thing("a", 1))
    things.faults = [Fault(DuplicateError("Duplicate of an existing monitor_id:1", things.put_there("a", 1)))]
    [outcome] = apply(things, plan)
    assert (outcome.result, outcome.remote.id) == (Result.CREATED, 1)


def test_a_duplicate_of_somebody_elses_is_an_error(things: Things):
    plan = planned(things, thing("a", 1))
    things.faults = [Fault(DuplicateError("Duplicate of an existing monitor_id:77", 77))]
    with pytest.raises(
        PartialSyncError, match="Datadog holds an equal thing already, with the id 77, which is not this one"
    ):
        apply(things, plan)


def test_a_failure_says_what_was_done_and_what_was_not(things: Things):
    plan = planned(things, thing("a", 1), thing("b", 1), thing("c", 1))
    things.faults = [None, Fault(ApiError("Datadog answered 400: no", status=400))]
    with pytest.raises(PartialSyncError) as caught:
        apply(things, plan)
    assert str(caught.value) == (
        "things.yaml:1: `b` could not be written: Datadog answered 400: no. Written before: a. Not written: b, c. The next sync goes on from here"
    )
    assert ([each.key for each in caught.value.done], caught.value.left) == (["a"], ("b", "c"))
    apply(things, planned(things, thing("a", 1), thing("b", 1), thing("c", 1)))
    assert things.calls == ["create b", "create c"]


def test_a_refusal_after_its_members_were_made_stops_there(things: Things):
    things.refused = {"uses"}
    with pytest.raises(
        PartialSyncError, match=r"`uses` could not be written: Datadog refuses `uses`.*Written before: a"
    ):
        apply(things, planned(things, thing("a", 1), thing("uses", 0, "a")))


def test_of_twins_the_older_stays_and_the_younger_is_deleted_by_its_maker(
    things: Things, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Things, "is_unique", False)
    plan = planned(things, thing("a", 1))
    older = things.put_there("a", 1)
    [outcome] = apply(things, plan)
    assert (outcome.remote.id, list(things.held)) == (older, [older])
    assert things.calls == ["create a", "find a", "delete 2"]


class Race(Things):
    """Somebody makes a twin right after each create, whose maker looks for twins after `looks` of ours, if it does at all."""

    is_unique = False

    def __init__(self, looks: int | None) -> None:
        super().__init__()
        self.twin = 0
        self.looks = looks

    def create(self, api: Datadog, owner: Owner, body: Mapping[str, Any]) -> Remote:
        made = super().create(api, owner, body)
        self.twin = self.put_there("a", 1)
        return made

    def find(self, api: Datadog, owner: Owner, key: str) -> Iterable[Remote]:
        found = list(super().find(api, owner, key))
        if self.calls.count(f"find {key}") == self.looks:
            del self.held[self.twin]
        return found


def test_a_twin_of_the_same_second_is_left_to_its_maker():
    things = Race(looks=1)
    [outcome] = apply(things, planned(things, thing("a", 1)))
    assert (outcome.remote.id, list(things.held)) == (1, [1])
    assert things.calls == ["create a", "find a", "find a"]


def test_a_twin_whose_maker_saw_no_other_stays_and_ours_goes():
    things = Race(looks=None)
    [outcome] = apply(things, planned(things, thing("a", 1)))
    assert (outcome.remote.id, list(things.held)) == (2, [2])
    assert things.calls[-1] == "delete 1"


def test_secrets_are_sent_and_kept_nowhere(things: Things):
    plan = planned(things, thing("a", 1, token=Template((Secret("A_TOKEN"),))))
    writes = writer(things, A_TOKEN="t0ken-planted")
    apply_plan(writes, plan, lambda _outcome: None)
    assert things.held[1]["token"] == "t0ken-planted"
    assert "t0ken-planted" not in writes.journal.path.read_text("utf-8")
    assert "t0ken-planted" not in repr(plan) + repr(writes)


def test_what_is_pruned_is_deleted_last_and_what_uses_it_first(things: Things):
    apply(things, planned(things, thing("a", 1), thing("uses", 0, "a")))
    apply(things, planned(things, thing("b", 1), prune=True))
    assert [call for call in things.calls if call.startswith(("create", "delete"))] == [
        "create b",
        "delete 2",
        "delete 1",
    ]


def test_an_orphan_that_changed_since_is_skipped(things: Things):
    things.put_there("a", 1)
    plan = planned(things, prune=True)
    things.held[1] = {**things.held[1], "value": 5}
    assert [outcome.result for outcome in apply(things, plan)] == [Result.MOVED]
    assert things.held
