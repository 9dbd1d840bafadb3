"""What is measured of a call, and how it is told: a new measure is one entry of `METRICS`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from ddllm.analysis.compare.results import Measured
from ddllm.analysis.statistics import Kind

Unit = Literal["dollar", "second", "token", "token/second", "share"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One measure of a call: how it is read, what number of many calls is shown, and how a difference is told.

    better   which end is the good one; None where neither is
    wins     what the better model is or does ("is {} cheaper"), `{}` for how many times as much, if that is told
    plural   its name in "no difference in … can be seen"
    """

    key: str
    title: str
    kind: Kind
    unit: Unit
    better: Literal["lower", "higher"] | None
    wins: str
    plural: str
    read: Callable[[Measured], float | None] = field(repr=False)


def _ok(read: Callable[[Measured], float | None]) -> Callable[[Measured], float | None]:
    """Read calls that were answered alone."""
    return lambda call: read(call) if call.status == "ok" else None


METRICS: tuple[Metric, ...] = (
    Metric("cost", "cost per call", "mean", "dollar", "lower", "is {} cheaper", "cost", _ok(lambda call: call.cost)),
    Metric(
        "ttft",
        "time to first token",
        "median",
        "second",
        "lower",
        "begins {} sooner",
        "time to first token",
        _ok(lambda call: call.ttft),
    ),
    Metric(
        "duration",
        "duration",
        "median",
        "second",
        "lower",
        "is {} faster to the end",
        "duration",
        _ok(lambda call: call.duration),
    ),
    Metric(
        "tokens_per_second",
        "tokens per second",
        "median",
        "token/second",
        "higher",
        "generates {} faster",
        "tokens per second",
        _ok(lambda call: call.tokens_per_second),
    ),
    Metric(
        "output_tokens",
        "output tokens",
        "mean",
        "token",
        None,
        "writes {} more tokens",
        "the length of answers",
        _ok(lambda call: call.output_tokens),
    ),
    Metric(
        "refusals",
        "refusals",
        "rate",
        "share",
        "lower",
        "refuses less often",
        "refusals",
        _ok(lambda call: float(call.refusal is not None)),
    ),
    Metric(
        "format",
        "format kept",
        "rate",
        "share",
        "higher",
        "keeps the format more often",
        "how often the format is kept",
        _ok(lambda call: None if call.format_ok is None else float(call.format_ok)),
    ),
    Metric(
        "checks",
        "checks passed",
        "rate",
        "share",
        "higher",
        "passes the checks more often",
        "how often the checks are passed",
        _ok(lambda call: float(all(call.checks)) if call.checks else None),
    ),
    Metric(
        "errors",
        "errors",
        "rate",
        "share",
        "lower",
        "fails less often",
        "errors",
        lambda call: float(call.status == "error"),
    ),
)
