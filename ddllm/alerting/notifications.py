"""When a group's states are told: at their changes, and again while they last."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ddllm.alerting.rule import Rule
from ddllm.alerting.state import State


@dataclass(frozen=True, slots=True)
class Notification:
    """A group's state told at a time (Unix seconds). `again` marks one that repeats the state before it."""

    at: int
    before: State
    after: State
    since: int
    again: bool = False

    @property
    def conditions(self) -> frozenset[str]:
        """The conditions of a message's template that hold."""
        found = {_ENTERED.get(self.after, "")}
        if self.again:
            found.add("is_renotify")
        elif self.after is State.OK:
            found |= {"is_recovery", _LEFT.get(self.before, "")}
        elif (self.before, self.after) in _BETWEEN:
            found.add(_BETWEEN[self.before, self.after])
        return frozenset(found - {""})


_ENTERED = {State.ALERT: "is_alert", State.WARN: "is_warning", State.NO_DATA: "is_no_data"}
_LEFT = {State.ALERT: "is_alert_recovery", State.WARN: "is_warning_recovery", State.NO_DATA: "is_no_data_recovery"}
_BETWEEN = {
    (State.ALERT, State.WARN): "is_alert_to_warning",
    (State.WARN, State.ALERT): "is_warning_to_alert",
    (State.NO_DATA, State.ALERT): "is_no_data_to_alert",
    (State.NO_DATA, State.WARN): "is_no_data_to_warning",
}


def notifications(rule: Rule, times: Sequence[int], states: Sequence[int]) -> Iterator[Notification]:
    """Yield what is told of one group. A group that is dropped goes without a word, and so does No Data unless it is notified."""
    before, since, told, repeats = State.OK, 0, 0, 0
    for place, at in enumerate(times):
        state = State(states[place])
        if state is State.ABSENT:
            before = State.OK
            continue
        if state is not before:
            if _is_told(rule, before, state):
                yield Notification(at, before, state, at)
            before, since, told, repeats = state, at, at, 0
        elif _is_due(rule, state, at - told, repeats):
            repeats, told = repeats + 1, at
            yield Notification(at, state, state, since, again=True)


def _is_told(rule: Rule, before: State, after: State) -> bool:
    if State.NO_DATA in {before, after} and not rule.notifies_no_data:
        return after in {State.ALERT, State.WARN}
    return True


def _is_due(rule: Rule, state: State, silent: int, repeats: int) -> bool:
    renotify = rule.renotify
    if renotify is None or state not in renotify.states or silent < renotify.interval:
        return False
    if state is State.NO_DATA and not rule.notifies_no_data:
        return False
    return renotify.occurrences is None or repeats < renotify.occurrences
