"""Holds an expectation against what monitors did and said: yields what is wrong, a sentence each, with the monitor's key."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ddllm.alerting.message import Said
from ddllm.alerting.state import State
from ddllm.definitions.monitor_tests import Expectation
from ddllm.errors import DdllmError
from ddllm.testing.scenario import Scenario

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: A monitor's key, None where no single one is meant, and what is wrong.
Wrong = tuple[str | None, str]

_LOUD = (State.WARN, State.ALERT)
_UNITS = (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1))
_SHOWN = 120  # characters of a message in a sentence


def judge(scenario: Scenario, what: Expectation) -> Iterator[Wrong]:
    """Yield what is not as expected. Raises DdllmError for what cannot be asked: an unknown group, a monitor out of reach."""
    if what.monitor is not None:
        scenario.check_group(what.monitor, what.group)
        if not scenario.is_reached(what.monitor):
            raise DdllmError(f"no series of the test is one that `{what.monitor}` reads: it would prove nothing")
    if what.never:
        yield from _never(scenario, what)
        return
    if what.state is not None and what.monitor is not None:
        yield from _state(scenario, what.monitor, what.state, what)
    if what.notifies is not None or what.message is not None:
        yield from _told(scenario, what)


def _never(scenario: Scenario, what: Expectation) -> Iterator[Wrong]:
    keys = [what.monitor] if what.monitor is not None else scenario.listed
    if not keys:
        raise DdllmError("no series of the test is one that a monitor of its files reads: it would prove nothing")
    for key in keys:
        times, states = _since_start(scenario, key, what.group)
        inside = _inside(times, what.within)
        bad = np.isin(states, _LOUD if what.state is None else (_named(what.state),)) & inside
        if bad.any():
            first = int(np.argmax(bad))
            yield (
                key,
                f"`{key}` is {State(states[first])} at {clock(int(times[first]))}{_of(what.group)}, and should never be",
            )


def _state(scenario: Scenario, key: str, name: str, what: Expectation) -> Iterator[Wrong]:
    wanted = _named(name)
    times, states = _since_start(scenario, key, what.group)
    who = f"`{key}`{_of(what.group)}"
    if what.within is None:
        found = _at(times, states, what.at or 0)
        if found is not wanted:
            yield key, f"at {clock(what.at or 0)} {who} {_is(found)}, and not {wanted}"
        return
    before = np.concatenate([[State.ABSENT], states[:-1]])
    reached = times[(states == wanted) & (before != wanted)]
    begin, end = what.within
    if not ((reached >= begin) & (reached <= end)).any():
        window = f"between {clock(begin)} and {clock(end)}"
        others = f"it did at {', '.join(map(clock, reached.tolist()[:3]))}" if len(reached) else "it never did"
        yield key, f"{who} did not become {wanted} {window}: {others}"


def _told(scenario: Scenario, what: Expectation) -> Iterator[Wrong]:
    keys = [what.monitor] if what.monitor is not None else scenario.listed
    by_monitor = {key: _heard(scenario.said(key, what.group), scenario.start, what) for key in keys}
    if what.notifies == [] and what.message is None:
        for key, heard in by_monitor.items():
            called = sorted({handle for each in heard for handle in each.handles})
            if called:
                yield key, f"{_when(what)} `{key}` had notified {', '.join(called)}, and should have notified nobody"
        return
    wrong: list[str] = []
    for key, heard in by_monitor.items():
        answers = [list(_wrong(each, what)) for each in heard]
        if [] in answers:
            return
        for each, problems in zip(heard, answers, strict=True):
            since = clock(each.notification.at - scenario.start)
            wrong.append(f"what `{key}` told at {since} ({each.notification.after}) {'; '.join(problems)}")
    who = f"`{what.monitor}`{_of(what.group)}" if what.monitor is not None else "every monitor"
    yield what.monitor, "; ".join(wrong) if wrong else f"{_when(what)} {who} had told nothing"


def _heard(said: Sequence[Said], start: int, what: Expectation) -> Sequence[Said]:
    """Return what counts: within a window all that was told, at a time what each group was told last."""
    if what.within is not None:
        return [each for each in said if what.within[0] <= each.notification.at - start <= what.within[1]]
    last = {each.group: each for each in said if each.notification.at - start <= (what.at or 0)}
    return list(last.values())


def _wrong(said: Said, what: Expectation) -> Iterator[str]:
    missing = [handle for handle in what.notifies or () if handle not in said.handles]
    if missing:
        yield f"calls {', '.join(said.handles) or 'nobody'}, and not {', '.join(missing)}"
    if what.notifies == [] and said.handles:
        yield f"calls {', '.join(said.handles)}, and should call nobody"
    if what.message is not None:
        yield from (
            f"does not contain `{text}`: {_shown(said)}" for text in what.message.contains if text not in said.text
        )
        if not what.message.found_in(said.text):
            yield f"does not match `{what.message.regex}`: {_shown(said)}"


def _shown(said: Said) -> str:
    text = " ".join(said.text.split())
    return f"`{text if len(text) <= _SHOWN else f'{text[:_SHOWN]}…'}`"


def _since_start(scenario: Scenario, key: str, group: str | None) -> tuple["NDArray[np.int64]", "NDArray[np.int8]"]:
    """Return the times and states from the test's start on: what lies before is history."""
    states = scenario.states(key, group)
    times = scenario.since_start(scenario.course(key))
    return times[times >= 0], states[times >= 0]


def _inside(times: "NDArray[np.int64]", window: Sequence[int] | None) -> "NDArray[np.bool_]":
    if window is None:
        return np.ones(len(times), bool)
    inside: NDArray[np.bool_] = (times >= window[0]) & (times <= window[1])
    return inside


def _at(times: "NDArray[np.int64]", states: "NDArray[np.int8]", at: int) -> State:
    """Return the state of the last evaluation up to a time."""
    place = int(np.searchsorted(times, at, side="right")) - 1
    return State(states[place]) if place >= 0 else State.ABSENT


def _named(name: str) -> State:
    return next(each for each in State if str(each) == name)


def _is(state: State) -> str:
    return "has no data yet" if state is State.ABSENT else f"is {state}"


def _of(group: str | None) -> str:
    return f" for {group}" if group else ""


def _when(what: Expectation) -> str:
    if what.within is not None:
        return f"between {clock(what.within[0])} and {clock(what.within[1])}"
    return f"until {clock(what.at or 0)}"


def clock(seconds: int) -> str:
    """Write a time as tests write it: `1h30m`."""
    text = ""
    for unit, length in _UNITS:
        number, seconds = divmod(seconds, length)
        text += f"{number}{unit}" if number else ""
    return text or "0m"
