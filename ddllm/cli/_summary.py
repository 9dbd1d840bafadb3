"""What an agent received, added up by feature and model: who spends, how fast, how healthy.

`snapshot` reads the agent; the rest is plain data. A number of a row is one entry of `_SUMS` or `_PERCENTILES`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ddllm import catalog
from ddllm.query.series import ABSENT
from ddllm.sandbox.agent import Agent

#: Seconds over which the present spending rate is taken.
RATE_WINDOW = 300.0

#: Below this many seconds a rate would be an extrapolation of next to nothing.
_SHORTEST = 10.0

#: Sums of a row: the metric, and the tags that its samples have to carry.
_SUMS: dict[str, tuple[catalog.Metric, Mapping[str, str]]] = {
    "requests": (catalog.REQUESTS, {}),
    "errors": (catalog.REQUESTS, {"status": "error"}),
    "abandoned": (catalog.REQUESTS, {"status": "abandoned"}),
    "dollars": (catalog.COST, {}),
    "unpriced": (catalog.COST_UNPRICED, {}),
    "input_tokens": (catalog.TOKENS_INPUT, {}),
    "output_tokens": (catalog.TOKENS_OUTPUT, {}),
    "cache_read_tokens": (catalog.TOKENS_CACHE_READ, {}),
    "attempts": (catalog.ATTEMPTS, {}),
    "throttled": (catalog.ATTEMPTS, {"outcome": "throttled"}),
    "refusals": (catalog.REFUSALS, {}),
    "checked": (catalog.STRUCTURED_CHECKS, {}),
    "malformed": (catalog.STRUCTURED_FAILURES, {}),
    "thumbs_up": (catalog.FEEDBACK, {"kind": "thumbs_up"}),
    "thumbs_down": (catalog.FEEDBACK, {"kind": "thumbs_down"}),
}

#: Percentiles of a row: the distribution and the share.
_PERCENTILES: dict[str, tuple[catalog.Metric, float]] = {
    "ttft_p50": (catalog.TTFT, 0.5),
    "ttft_p95": (catalog.TTFT, 0.95),
    "tokens_per_second_p50": (catalog.TOKENS_PER_SECOND, 0.5),
    "duration_p95": (catalog.DURATION, 0.95),
}

_LOSSES = (catalog.TELEMETRY_DROPPED, catalog.TELEMETRY_ERRORS, catalog.TELEMETRY_CAPPED)


@dataclass(frozen=True, slots=True)
class Row:
    """One feature and model, or everything. Times are seconds; what was not measured is None.

    `checked` are the answers of which a format was expected, `malformed` those that broke it.
    """

    feature: str = ""
    model_name: str = ""
    requests: float = 0.0
    errors: float = 0.0
    abandoned: float = 0.0
    dollars: float = 0.0
    unpriced: float = 0.0
    input_tokens: float = 0.0
    output_tokens: float = 0.0
    cache_read_tokens: float = 0.0
    attempts: float = 0.0
    throttled: float = 0.0
    refusals: float = 0.0
    checked: float = 0.0
    malformed: float = 0.0
    thumbs_up: float = 0.0
    thumbs_down: float = 0.0
    ttft_p50: float | None = None
    ttft_p95: float | None = None
    tokens_per_second_p50: float | None = None
    duration_p95: float | None = None

    @property
    def retries(self) -> float:
        """HTTP attempts beyond the first one of each call."""
        return max(0.0, self.attempts - self.requests)

    @property
    def cache_read_share(self) -> float | None:
        """The share of input tokens that was read from the prompt cache."""
        return self.cache_read_tokens / self.input_tokens if self.input_tokens else None


@dataclass(frozen=True, slots=True)
class Done:
    """One kind of user action: how many ended and how many of them well, and what one took in the median."""

    action: str
    completed: float = 0.0
    ok: float = 0.0
    calls: float = 0.0
    dollars: float = 0.0
    cost_p50: float | None = None
    duration_p50: float | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What an agent had received at one moment.

    `actions` are the users' actions. `losses` are ddllm's own, by metric and reason; `packets` are all that arrived, `others` the number of metrics among
    them that are not ddllm's, `malformed` and `not_forwarded` what was wrong with them.
    """

    total: Row
    rows: tuple[Row, ...] = ()
    actions: tuple[Done, ...] = ()
    dollars_per_hour: float | None = None
    losses: Mapping[str, float] = field(default_factory=dict)
    packets: int = 0
    others: int = 0
    malformed: int = 0
    not_forwarded: int = 0


def snapshot(agent: Agent, now: float) -> Snapshot:
    """Read an agent at `now` (seconds, of the agent's own clock). Rows stand by spending, then by calls."""
    rows = _rows(agent, ("feature", "model_name"))
    stats = agent.stats
    return Snapshot(
        total=next(iter(_rows(agent, ())), Row()),
        rows=tuple(sorted(rows, key=lambda row: (-row.dollars, -row.requests, row.feature, row.model_name))),
        actions=_actions(agent),
        dollars_per_hour=_dollars_per_hour(agent, now),
        losses=_losses(agent),
        packets=stats.packets,
        others=sum(name not in catalog.BY_NAME for name in agent.metrics()),
        malformed=stats.malformed.total(),
        not_forwarded=stats.forward_failed,
    )


def _rows(agent: Agent, by: Sequence[str]) -> list[Row]:
    sums = {name: agent.total(metric.name, by=by, **tags) for name, (metric, tags) in _SUMS.items()}
    percentiles = {name: agent.percentile(metric.name, q, by=by) for name, (metric, q) in _PERCENTILES.items()}
    rows = []
    for group in {group for groups in sums.values() for group in groups}:
        fields: dict[str, Any] = dict(zip(by, map(_named, group), strict=True))
        fields |= {name: groups.get(group, 0.0) for name, groups in sums.items()}
        fields |= {name: groups.get(group) for name, groups in percentiles.items()}
        rows.append(Row(**fields))
    return rows


def _actions(agent: Agent) -> tuple[Done, ...]:
    by = ("action",)
    completed = agent.total(catalog.ACTION_COMPLETED.name, by=by)
    well = agent.total(catalog.ACTION_COMPLETED.name, by=by, status="ok")
    calls = agent.total(catalog.ACTION_CALLS.name, by=by)
    spent = agent.total(catalog.ACTION_COST.name, by=by)
    cost = agent.percentile(catalog.ACTION_COST.name, 0.5, by=by)
    duration = agent.percentile(catalog.ACTION_DURATION.name, 0.5, by=by)
    found = [
        Done(
            _named(group[0]),
            number,
            well.get(group, 0.0),
            calls.get(group, 0.0),
            spent.get(group, 0.0),
            cost.get(group),
            duration.get(group),
        )
        for group, number in completed.items()
    ]
    return tuple(sorted(found, key=lambda one: (-one.dollars, -one.completed, one.action)))


def _named(value: str) -> str:
    return catalog.UNTAGGED if value == ABSENT else value


def _dollars_per_hour(agent: Agent, now: float) -> float | None:
    spent = [
        point for series in agent.query(catalog.COST.name, start=now - RATE_WINDOW) for point in series.points.values()
    ]
    calls = [at for series in agent.query(catalog.REQUESTS.name, start=now - RATE_WINDOW) for at in series.points]
    if not (spent and calls):
        return None
    return 3600 * sum(spent) / max(now - min(calls), _SHORTEST)


def _losses(agent: Agent) -> dict[str, float]:
    found = {}
    for metric in _LOSSES:
        for (reason,), number in agent.total(metric.name, by=("reason",)).items():
            found[f"{metric.name.rpartition('.')[2]}: {reason}"] = number
    return found


def as_json(taken: Snapshot) -> dict[str, Any]:
    """Return the snapshot of JSON's types, with what is derived from a row's numbers."""
    document = asdict(taken)
    return document | {"total": _row_json(taken.total), "rows": [_row_json(row) for row in taken.rows]}


def _row_json(row: Row) -> dict[str, Any]:
    return asdict(row) | {"retries": row.retries, "cache_read_share": row.cache_read_share}
