"""Composites: the states of one monitor from those of others.

Source: the table of Datadog's documentation (monitors/types/composite). Alert, Warn and No Data are alert-worthy; `&&` gives
the least severe of its operands, `||` the most severe; `!` makes OK of what is alert-worthy, Alert of OK, and leaves No Data.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from ddllm.alerting.state import State
from ddllm.query.monitor import AllOf, AnyOf, Condition, Member, Unless

if TYPE_CHECKING:
    from numpy.typing import NDArray

    States = NDArray[np.int8]

#: Tag keys and values of a group, in the order of the keys.
Group = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class MemberStates:
    """The states of a member's groups over the same evaluations. A monitor without groups has one, the empty one."""

    states: Mapping[Group, "States"]

    @property
    def keys(self) -> frozenset[str]:
        """The tag keys that its groups are told apart by."""
        return frozenset(key for group in self.states for key, _ in group)


def composite(condition: Condition, members: Mapping[int, MemberStates]) -> dict[Group, "States"]:
    """Combine members that are evaluated at the same times, for each group that all of them have.

    Groups meet where the tags that both have are equal; tags that one of them has alone tell groups apart.
    """
    return {
        group: _combined(condition, rows) for group, rows in _joined(list(members.items())) if len(rows) == len(members)
    }


def _joined(members: Sequence[tuple[int, MemberStates]]) -> Iterator[tuple[Group, dict[int, "States"]]]:
    """Yield the groups that all members have, and the states of each member there."""
    found: list[tuple[dict[str, str], dict[int, States]]] = [({}, {})]
    for number, member in members:
        found = [
            ({**tags, **dict(group)}, {**rows, number: states})
            for tags, rows in found
            for group, states in member.states.items()
            if all(tags.get(key, value) == value for key, value in group)
        ]
    for tags, rows in found:
        yield tuple(tags.items()), rows


def _combined(condition: Condition, rows: Mapping[int, "States"]) -> "States":
    states = _of(condition, rows)
    absent = np.logical_or.reduce([row == State.ABSENT for row in rows.values()])
    return np.where(absent, np.int8(State.ABSENT), states)


def _of(condition: Condition, rows: Mapping[int, "States"]) -> "States":
    match condition:
        case Member(number):
            return rows[number]
        case Unless(operand):
            inner = _of(operand, rows)
            turned = np.where(inner == State.OK, np.int8(State.ALERT), np.int8(State.OK))
            return np.where(inner == State.NO_DATA, np.int8(State.NO_DATA), turned)
        case AllOf(operands):
            return reduce(np.minimum, [_of(each, rows) for each in operands])
        case AnyOf(operands):
            return reduce(np.maximum, [_of(each, rows) for each in operands])
