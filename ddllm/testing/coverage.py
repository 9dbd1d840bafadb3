"""What no test exercised: monitors, transitions that they can go through, groups that nothing was expected of."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ddllm.alerting.rule import Rule, rule_of
from ddllm.definitions.thresholds import trailing_comparison
from ddllm.query.arrays.anomalies import is_algorithm, settings_of
from ddllm.query.ast import Call
from ddllm.query.monitor import MetricQuery
from ddllm.query.parse import parse_monitor
from ddllm.query.reads import reads
from ddllm.testing.outcome import RECOVERY, GroupOf, Outcome, Transition
from ddllm.testing.subjects import Subject


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many monitors and transitions there are, and those that no test exercised.

    `groups` had data in a test of their monitor, and no expectation looked at them.
    """

    monitors: int
    transitions: int
    missed_monitors: tuple[str, ...]
    missed_transitions: tuple[Transition, ...]
    groups: tuple[GroupOf, ...]

    @property
    def percent(self) -> float:
        """The share of monitors and transitions that a test exercised."""
        total = self.monitors + self.transitions
        missed = len(self.missed_monitors) + len(self.missed_transitions)
        return 100.0 * (total - missed) / total if total else 100.0


def coverage(subjects: Mapping[str, Subject], outcomes: Sequence[Outcome]) -> Coverage:
    """Add up what tests exercised of all monitors."""
    seen = [each.exercised for each in outcomes]
    monitors = frozenset[str]().union(*(each.monitors for each in seen))
    done = frozenset[Transition]().union(*(each.transitions for each in seen))
    groups = frozenset[GroupOf]().union(*(each.groups for each in seen))
    expected = frozenset[GroupOf]().union(*(each.expected for each in seen))
    possible = [(key, name) for key in subjects for name in transitions_of(key, subjects)]
    return Coverage(
        len(subjects),
        len(possible),
        tuple(key for key in subjects if key not in monitors),
        tuple(each for each in possible if each not in done),
        tuple(sorted(groups - expected)),
    )


def transitions_of(key: str, subjects: Mapping[str, Subject]) -> Iterator[str]:
    """Yield the transitions that a monitor can go through; a composite those that its members can."""
    members = subjects[key].members
    if members:
        possible = {name for each in members for name in transitions_of(each, subjects)}
        yield from (name for name in ("Alert", "Warn", "No Data", RECOVERY) if name in possible)
        return
    rule = _rule(subjects[key])
    yield "Alert"
    if rule.warning is not None:
        yield "Warn"
    if rule.missing == "no_data" and not _is_filled(subjects[key]):
        yield "No Data"
    yield RECOVERY


def _is_filled(subject: Subject) -> bool:
    """Whether it looks for anomalies of a count, which take what is missing for 0: once there was data, there always is."""
    query = parse_monitor(subject.watched.query, subject.watched.type)
    call = query.expression if isinstance(query, MetricQuery) else None
    if not isinstance(call, Call) or not is_algorithm(call):
        return False
    return settings_of(call, 0).zero_default and all(read.query.method("as_count") for read in reads(call))


def _rule(subject: Subject) -> Rule:
    comparison = trailing_comparison(subject.watched.query)
    return rule_of(comparison or (">", 0), subject.watched.options)
