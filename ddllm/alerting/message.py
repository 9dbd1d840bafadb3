"""What a notification says, and whom it calls: a monitor's name and message as Datadog renders them for one group."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ddllm.alerting.notifications import Notification
from ddllm.alerting.template import Situation, handles_in, render
from ddllm.alerting.watch import Course
from ddllm.query.series import Group


@dataclass(frozen=True, slots=True)
class Texts:
    """The templates of a monitor: its name, its message, and what is said where a state is told again."""

    name: str
    message: str
    escalation: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """A notification of a group, rendered: name and message in one text, and the handles that it calls."""

    notification: Notification
    group: Group
    text: str
    handles: tuple[str, ...]


def say(texts: Texts, course: Course, group: Group, notification: Notification, members: Sequence[Course] = ()) -> Said:
    """Render a notification. `members` are those of a composite, in the order of its letters. Raises TemplateError."""
    tags = dict(zip(course.by, group, strict=True))
    variables = {f"{key}.name": value for key, value in tags.items()}
    variables |= _numbers(course, group, notification.at)
    for letter, member in zip("abcdefghij", members, strict=False):
        row = tuple(tags.get(key, "") for key in member.by)
        if row in member.groups:
            variables |= {f"{letter}.{name}": text for name, text in _numbers(member, row, notification.at).items()}
    milliseconds = str(notification.since * 1000)
    variables |= {"last_triggered_at_epoch": milliseconds, "first_triggered_at_epoch": milliseconds}
    situation = Situation(notification.conditions, variables)
    message = render(texts.escalation if notification.again and texts.escalation else texts.message, situation)
    return Said(notification, group, f"{render(texts.name, situation)}\n{message}", tuple(handles_in(message)))


def _numbers(course: Course, group: Group, at: int) -> Mapping[str, str]:
    """Return the value at a time, and what it is compared with, as the variables that a message calls them by."""
    rule = course.rule
    found = {"comparator": rule.critical.operator, "threshold": _written(rule.critical.threshold)}
    if rule.warning is not None:
        found["warn_threshold"] = _written(rule.warning.threshold)
    if course.values is not None:
        value = float(course.values[course.row(group), int(np.searchsorted(course.times, at))])
        found["value"] = "" if np.isnan(value) else _written(value)
    return found


def _written(number: float) -> str:
    """Write a number with the digits that Datadog shows at most."""
    return f"{number:.3f}".rstrip("0").rstrip(".")
