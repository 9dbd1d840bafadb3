"""What the simulated models do: how fast, how long, and how often they fail. Each number is a dial that can be turned at run time."""

import difflib
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from fnmatch import fnmatchcase
from typing import Any

from ddllm.errors import ConfigError

#: How a stream can break: with an exception of Bedrock's own, by a lost connection, by silence, by a wrong checksum.
STREAM_FAULTS = (
    "modelStreamErrorException",
    "throttlingException",
    "internalServerException",
    "serviceUnavailableException",
    "abort",
    "stall",
    "corrupt",
)


def _dial(default: float, description: str, *, low: float = 0.0, high: float = math.inf) -> Any:
    return field(default=default, metadata={"low": low, "high": high, "description": description})


def _probability(default: float, description: str) -> Any:
    return _dial(default, f"Probability (0 to 1) {description}.", high=1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dials:
    """The dials of one model. Times are milliseconds, but for `retry_after`, which is seconds as in its header.

    Raises `ConfigError` for a value out of range.
    """

    ttft_p50: float = _dial(400, "Median time to first token, in milliseconds.", low=0.1)
    ttft_p95: float = _dial(
        900,
        "Its 95th percentile, in milliseconds; times are log-normal, all the same where this is not above the median.",
        low=0.1,
    )
    queue: float = _dial(0, "Mean wait in milliseconds before generation starts; the reported latencies leave it out.")
    tokens_per_second: float = _dial(80, "Speed of generation after the first token.", low=0.1)
    answer_tokens: float = _dial(120, "Typical length of an answer.", low=1)
    drift: float = _dial(1, "Factor on the length of answers.", low=0.01)
    throttle: float = _probability(0, "that a request is answered by 429 ThrottlingException")
    retry_after: float = _dial(1, "Seconds in the Retry-After header of a throttled request; 0 leaves it out.")
    server_error: float = _probability(0, "that a request is answered by 500 or 503")
    stream_fault: float = _probability(0, "that a stream breaks in its middle")
    stream_fault_kind: str = field(
        default="modelStreamErrorException",
        metadata={"choices": STREAM_FAULTS, "description": "How a stream breaks."},
    )
    truncate: float = _probability(0, "that an answer runs into the token limit")
    refuse: float = _probability(0, "that the model declines")
    malformed_json: float = _probability(0, "that an answer in JSON is broken")
    tool_use: float = _probability(0.5, "that the model uses a tool where it is offered some")

    def __post_init__(self) -> None:
        for one in fields(self):
            _check(one.name, getattr(self, one.name), one.metadata)

    def changed(self, changes: Mapping[str, Any]) -> "Dials":
        """Return these dials with some turned. Raises `ConfigError` for a name or value that is none."""
        for name in changes:
            if name not in NAMES:
                nearest = difflib.get_close_matches(name, NAMES, n=1)
                hint = f"Did you mean {nearest[0]}?" if nearest else f"There are {', '.join(NAMES)}"
                raise ConfigError(f"there is no dial {name!r}", hint=hint)
        return replace(self, **changes)


NAMES = tuple(one.name for one in fields(Dials))


def _check(name: str, value: Any, rules: Mapping[str, Any]) -> None:
    if choices := rules.get("choices"):
        if value not in choices:
            raise ConfigError(f"the dial {name} cannot be {value!r}", hint=f"It is one of {', '.join(choices)}")
        return
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not number or not rules["low"] <= value <= rules["high"]:
        range_ = f"{rules['low']:g} to {rules['high']:g}" if rules["high"] < math.inf else f"{rules['low']:g} or more"
        raise ConfigError(f"the dial {name} cannot be {value!r}", hint=f"It is a number, {range_}")


class Board:
    """The dials of all models: those of `base`, turned for the models that match a glob. What was turned last goes first.

    Read from any thread: a turn replaces what is there in one step.
    """

    def __init__(self, base: Dials) -> None:
        self._base = base
        self._turned: dict[str, dict[str, Any]] = {}

    def __repr__(self) -> str:
        return f"Board({self._turned})"

    def of(self, model_id: str) -> Dials:
        """Return the dials of one model."""
        dials = self._base
        for glob, changes in self._turned.items():
            if fnmatchcase(model_id, glob):
                dials = dials.changed(changes)
        return dials

    def turn(self, changes: Mapping[str, Mapping[str, Any]]) -> None:
        """Turn dials, by glob of model ids. Raises `ConfigError`, and then nothing was turned."""
        turned = {glob: dict(changed) for glob, changed in self._turned.items()}
        for glob, changed in changes.items():
            if not isinstance(changed, Mapping):
                raise ConfigError(f"the dials of {glob!r} are no object", hint='Write {"*": {"throttle": 0.2}}')
            self._base.changed(changed)  # raises for what is no dial
            turned[glob] = turned.pop(glob, {}) | dict(changed)
        self._turned = turned

    def reset(self) -> None:
        """Turn every dial back to where it was at the start."""
        self._turned = {}

    def as_json(self) -> dict[str, Any]:
        """Return what holds: the dials at the start, and those turned since, by glob."""
        return {"base": asdict(self._base), "turned": self._turned}
