"""The states of a monitor, and what a change between two of them is called."""

from enum import IntEnum


class State(IntEnum):
    """A group's state, in Datadog's order of severity. ABSENT: the group does not exist yet, or was dropped."""

    ABSENT = 0
    OK = 1
    NO_DATA = 2
    WARN = 3
    ALERT = 4

    def __str__(self) -> str:
        return {State.ABSENT: "", State.OK: "OK", State.NO_DATA: "No Data", State.WARN: "Warn", State.ALERT: "Alert"}[
            self
        ]
