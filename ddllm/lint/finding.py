"""What a rule found: where, why it matters, and what to write instead."""

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ddllm.definitions.document import Position


class Severity(IntEnum):
    """How bad a finding is. An error stops plan and sync: the query is refused, or cannot do what it is for."""

    INFO = 1
    WARNING = 2
    ERROR = 3

    def __str__(self) -> str:
        return self.name.lower()

    @classmethod
    def named(cls, name: str) -> "Severity":
        """Return the severity of a name: error, warning, info."""
        return cls[name.upper()]


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding.

    `code` names the rule, `key` the definition. `query` is the text that it is about, None where it is about something else,
    and `caret` the index in it.
    """

    code: str
    severity: Severity
    key: str
    position: "Position"
    message: str
    instead: str | None = None
    query: str | None = None
    caret: int | None = None

    def __str__(self) -> str:
        return f"{self.position}: {self.severity} {self.code}: {self.message}"
