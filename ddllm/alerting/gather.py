"""`notify_by`: groups that are told together, by fewer tags than a monitor is evaluated by. `["*"]` makes one of all.

What is told of them is the most severe state, with the value of the group that is in it. Datadog does not document when a group
that joins an alert is told of again; here it is not.
"""

from dataclasses import replace

import numpy as np

from ddllm.alerting.watch import Course


def gathered(course: Course) -> Course:
    """Return a course by the groups that its monitor notifies by, the same where it says nothing of them."""
    keys = course.monitor.options.get("notify_by")
    if not keys or not course.groups:
        return course
    places = [place for place, key in enumerate(course.by) if key in keys]
    by_group: dict[tuple[str, ...], list[int]] = {}
    for row, group in enumerate(course.groups):
        by_group.setdefault(tuple(group[place] for place in places), []).append(row)
    worst = [course.states[rows].argmax(axis=0) for rows in by_group.values()]
    columns = np.arange(len(course.times))
    picked = [np.array(rows)[each] for rows, each in zip(by_group.values(), worst, strict=True)]
    return replace(
        course,
        by=tuple(course.by[place] for place in places),
        groups=tuple(by_group),
        states=np.array([course.states[each, columns] for each in picked]),
        values=None if course.values is None else np.array([course.values[each, columns] for each in picked]),
    )
