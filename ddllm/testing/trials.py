"""The same history with another threshold: what it would have been, and which one gives so many alerts a week."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ddllm.alerting.rule import Level, Rule
from ddllm.alerting.state import State
from ddllm.alerting.timeline import timeline
from ddllm.alerting.watch import Course, NotRun, combine
from ddllm.testing.alerts import Alert, alerts_of

WEEK = 7 * 86_400
_LOWEST = 0.5  # quantile of the values: below it an alert is no exception any more
_STEPS = 48  # thresholds between the largest value and that
_HALVINGS = 14


@dataclass(frozen=True, slots=True)
class Trial:
    """A threshold that was tried: of which monitor (a composite's part), and the alerts a week that it gives."""

    monitor: str
    before: float
    after: float
    a_week: float


class Trials:
    """Runs one monitor again with other thresholds. `courses` holds it and, of a composite, its parts."""

    def __init__(
        self, key: str, courses: Mapping[str, Course | NotRun], within: Mapping[str, str] | None = None
    ) -> None:
        course = courses[key]
        if not isinstance(course, Course):
            raise TypeError(key)
        self._course = course
        self._within = within
        self._members = [each for name, each in courses.items() if name != key]
        self._lead = lead_of(course, courses)
        seconds = int(course.times[-1] - course.times[0]) if len(course.times) > 1 else 0
        self._weeks = max(seconds, 60) / WEEK

    @property
    def refusal(self) -> str | None:
        """Why no threshold can be tried, None where one can."""
        if self._lead is None or self._lead.values is None or not len(self._lead.groups):
            return "it has no values"
        if self._lead.is_approximate:
            return "the threshold of an anomaly monitor is a share of points"
        if self._lead.rule.critical.operator in {"==", "!="}:
            return f"its comparison is `{self._lead.rule.critical.operator}`"
        return None

    def alerts(self, threshold: float) -> list[Alert]:
        """Return the alerts with another threshold."""
        lead = self._require()
        rule = moved(lead.rule, threshold)
        states = timeline(rule, lead.times, np.asarray(lead.values)).states
        again = replace(lead, rule=rule, states=states)
        if lead is self._course:
            return alerts_of(again, again, self._within)
        by_id = {each.monitor.id: again if each is lead else each for each in self._members}
        whole = combine(self._course.monitor, by_id, self._course.times)
        return alerts_of(whole, again, self._within) if isinstance(whole, Course) else []

    def trial(self, threshold: float) -> Trial:
        """Return what a threshold gives."""
        lead = self._require()
        return Trial(lead.monitor.key, lead.rule.critical.threshold, threshold, self._a_week(threshold))

    def at_most(self, a_week: float) -> Trial | None:
        """Return the most sensitive threshold with at most so many alerts a week; None where every one has so few.

        Looked for from the quiet side: a threshold that everything crosses gives one alert without an end, and would count as
        quiet too.
        """
        lead = self._require()
        sign = 1.0 if lead.rule.critical.operator.startswith(">") else -1.0
        values = sign * np.asarray(lead.values)
        values = values[~np.isnan(values)]
        if not len(values):
            return None
        shares = 1 - np.geomspace(1 / len(values), 1 - _LOWEST, _STEPS)
        quiet = float(values.max())
        quiet += abs(quiet) * 0.01 or 1.0
        loud = None
        for candidate in np.quantile(values, shares).tolist():
            if self._a_week(sign * candidate) > a_week:
                loud = candidate
                break
            quiet = candidate
        if loud is None:
            return None
        for _ in range(_HALVINGS):
            middle = (quiet + loud) / 2
            quiet, loud = (middle, loud) if self._a_week(sign * middle) <= a_week else (quiet, middle)
        found = sign * _rounded(quiet)
        return self.trial(found if self._a_week(found) <= a_week else sign * quiet)

    def _require(self) -> Course:
        if self._lead is None or self.refusal:
            raise ValueError(self.refusal)
        return self._lead

    def _a_week(self, threshold: float) -> float:
        return count(self.alerts(threshold)) / self._weeks


def lead_of(course: Course, courses: Mapping[str, Course | NotRun]) -> Course | None:
    """Return the course with the values of a monitor: its own, or that of a composite's first part that has some."""
    if course.values is not None:
        return course
    parts = (each for each in courses.values() if isinstance(each, Course) and each is not course)
    return next((each for each in parts if each.values is not None), None)


def count(alerts: Sequence[Alert]) -> int:
    """Count what people are told as bad, warnings left out."""
    return sum(each.state is not State.WARN for each in alerts)


def moved(rule: Rule, threshold: float) -> Rule:
    """Return a rule with another critical threshold; recovery and warning keep their proportion to it."""
    before = rule.critical.threshold

    def along(number: float | None) -> float | None:
        if number is None:
            return None
        return number * threshold / before if before else number + threshold

    warning = rule.warning and Level(
        rule.warning.operator, along(rule.warning.threshold) or 0.0, along(rule.warning.recovery)
    )
    critical = Level(rule.critical.operator, threshold, along(rule.critical.recovery))
    return replace(rule, critical=critical, warning=warning)


def _rounded(number: float) -> float:
    """Round up to three digits: to the quiet side of a number whose sign says which side that is."""
    if not number:
        return number
    step = 10.0 ** (math.floor(math.log10(abs(number))) - 2)
    return float(f"{math.ceil(number / step - 1e-9) * step:.10g}")
