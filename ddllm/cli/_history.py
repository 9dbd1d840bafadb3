"""Which history a command is about: a recording or what Datadog has, from one time to another."""

from dataclasses import dataclass
from pathlib import Path

from ddllm.cli._times import moment
from ddllm.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Span:
    """What --recording, --from and --to say."""

    recording: Path | None
    start: str | None
    end: str | None

    def bounds(self, earliest: float | None, now: float) -> tuple[float | None, float | None]:
        """Return both times in Unix seconds, `earliest` where no --from is given; of a recording, now is its end. Raises ConfigError."""
        end = moment(self.end, now, "--to") if self.end else None
        start = moment(self.start, now, "--from") if self.start else earliest
        if start is not None and start >= (now if end is None else end):
            raise ConfigError("--from is not before --to")
        return start, end
