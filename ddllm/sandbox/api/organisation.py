"""What an organisation holds, for the kinds of objects that refer to each other."""

from dataclasses import dataclass, field
from typing import Any

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Organisation:
    """Objects by id."""

    monitors: dict[int, Body] = field(default_factory=dict)
    slos: dict[str, Body] = field(default_factory=dict)
