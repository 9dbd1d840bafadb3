"""What is still used is not deleted, and what uses it goes first."""

from collections.abc import Mapping, Sequence

import pytest

from ddllm.api.datadog import Datadog
from ddllm.errors import SyncError
from ddllm.sync.deletion import check_deletable, in_deletion_order
from ddllm.sync.plan import Orphan, Plan
from ddllm.sync.resource import Remote
from tests.support.things import OWNER, Things


class Used(Things):
    """Things that Datadog would not delete, with its reasons."""

    reasons: Mapping[int | str, str] = {}

    def blocked(self, api: Datadog, remotes: Sequence[Remote]) -> Mapping[int | str, str]:
        return {each.id: self.reasons[each.id] for each in remotes if each.id in self.reasons}


def orphan(identifier: int | str, **body: object) -> Orphan:
    return Orphan("things", Remote(identifier, f"key-{identifier}", None, "", body))


def check(reasons: Mapping[int | str, str], *orphans: Orphan) -> None:
    things = Used()
    things.reasons = reasons
    check_deletable(None, {"things": things}, Plan(OWNER, (), 0, (), {}, orphans))  # type: ignore[arg-type]


def test_what_mentions_an_id_goes_before_it():
    member, composite, slo = (
        orphan(140000001),
        orphan(140000002, query="140000001 || 9"),
        orphan("ab12", ids=[140000002]),
    )
    assert in_deletion_order([member, composite, slo]) == [slo, composite, member]


def test_objects_that_mention_each_other_are_deleted_in_any_order():
    pair = [orphan(1, other=2), orphan(2, other=1)]
    assert in_deletion_order(pair) == pair


def test_what_something_else_uses_stops_everything():
    with pytest.raises(
        SyncError, match=r"still in use, so it cannot be deleted: key-140000001 \(.*140000009.*Nothing was written"
    ):
        check({140000001: "referenced in composite monitors: [140000009]"}, orphan(140000001))


@pytest.mark.parametrize("user", [140000002, "74bd81ee9dccb16b715d5ac92b052ab2", "abc-def-ghi"])
def test_what_only_goes_with_it_does_not_keep_it(user: int | str):
    check({140000001: f"referenced in others: ['{user}']"}, orphan(140000001), orphan(user))
