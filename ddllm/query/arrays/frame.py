"""Numbers of groups over time: one row a group, one column a point in time, NaN where there is nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ddllm.query.series import Group

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Axis:
    """Points in time: `count` of them, `step` seconds apart, the first at `start` (Unix seconds)."""

    start: int
    step: int
    count: int

    @property
    def end(self) -> int:
        """The second after the last step."""
        return self.start + self.step * self.count

    @property
    def times(self) -> "Whole":
        """Every point in time."""
        return self.start + self.step * np.arange(self.count, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Frame:
    """`values[row, column]`: `groups` names the rows by the values of the tags `by`. `fills` says that what is missing is 0."""

    axis: Axis
    by: tuple[str, ...]
    groups: tuple[Group, ...]
    values: "Numbers"
    fills: bool = False

    def with_values(self, values: "Numbers") -> "Frame":
        """Return the same groups and times with other values."""
        return replace(self, values=values)

    def rows(self, groups: Sequence[Group]) -> "Numbers":
        """Return the rows of given groups; one that is not there is all NaN."""
        places = {group: place for place, group in enumerate(self.groups)}
        rows = np.full((len(groups), self.axis.count), np.nan)
        for row, group in enumerate(groups):
            if group in places:
                rows[row] = self.values[places[group]]
        return rows

    def as_mapping(self) -> Mapping[Group, "Numbers"]:
        """Return the rows by group."""
        return dict(zip(self.groups, self.values, strict=True))


def joined(operate: Callable[["Numbers", "Numbers"], "Numbers"], left: Frame, right: Frame) -> Frame:
    """Combine two frames group by group.

    Where both fill, a group or point that one side lacks is 0 on it; else it is missing in the result. A side without tags
    to group by counts for every group of the other.
    """
    if left.by and right.by and set(left.by) != set(right.by):
        raise ValueError(f"its sides are grouped by different tags: {', '.join(left.by)} and {', '.join(right.by)}")
    lead, other = (left, right) if left.by or not right.by else (right, left)
    fills = left.fills and right.fills
    groups = _groups(lead, other, fills=fills)
    sides = [_side(each, lead.by, groups) for each in (left, right)]
    if fills:
        there = ~(np.isnan(sides[0]) & np.isnan(sides[1]))
        sides = [np.where(there & np.isnan(side), 0.0, side) for side in sides]
    with np.errstate(divide="ignore", invalid="ignore"):
        values = operate(*sides)
    values = np.where(np.isfinite(values), values, np.nan)  # a quotient by zero is no point
    return Frame(lead.axis, lead.by, groups, values, fills=fills)


def _groups(lead: Frame, other: Frame, *, fills: bool) -> tuple[Group, ...]:
    if not other.by:
        return lead.groups
    order = [other.by.index(key) for key in lead.by]
    others = {tuple(group[place] for place in order) for group in other.groups}
    if fills:
        return tuple(sorted({*lead.groups, *others}))
    return tuple(group for group in lead.groups if group in others)


def _side(frame: Frame, by: tuple[str, ...], groups: Sequence[Group]) -> "Numbers":
    if not frame.by and by:
        row = frame.values[0] if len(frame.values) else np.full(frame.axis.count, np.nan)
        return np.tile(row, (len(groups), 1))
    order = [by.index(key) for key in frame.by]
    return frame.rows([tuple(group[place] for place in order) for group in groups])
