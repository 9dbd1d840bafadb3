"""What a check is: a name and a function that looks at one thing and says how it stands and what to do."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "warn", "fail", "skip"]


@dataclass(frozen=True, slots=True)
class Finding:
    """How one thing stands. `advice` is what to do, where there is something to do."""

    status: Status
    detail: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One row of the answer. `look` reads the environment that the command runs in and may take a second."""

    name: str
    look: Callable[[], Finding]

    def run(self) -> Finding:
        """Look; a check that breaks is itself a finding."""
        try:
            return self.look()
        except Exception as error:  # noqa: BLE001 - shown to the user, with the others
            return Finding("fail", f"could not be checked: {error!r}", "Please report this as a fault of ddllm.")
