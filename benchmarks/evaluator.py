"""How fast monitors run over history: 30 days, an evaluation a minute, 100 groups.

    python benchmarks/evaluator.py [--days 30] [--groups 100] [--write]

`--write` puts the table into docs/performance.md.
"""

import argparse
import time

import numpy as np

from benchmarks.publish import publish
from ddllm.alerting.watch import Course, Watched, watch
from ddllm.query.arrays.frame import Axis
from ddllm.query.series import Series
from ddllm.query.sketch import Sketch

MINUTES_A_DAY = 24 * 60
#: Days before the first evaluation that a weekly season reads.
SEASONS = 42
MONITORS = {
    "a threshold of a ratio of counts": (
        "sum(last_5m):100 * sum:errors{*} by {service}.as_count() / sum:calls{*} by {service}.as_count() > 5",
        {"thresholds": {"critical_recovery": 3}},
        3.0,
    ),
    "a threshold of an average": ("avg(last_15m):avg:gauge{*} by {service} > 90", {}, 3.0),
    "an anomaly, agile, weekly": (
        (
            "avg(last_6h):anomalies(sum:seasonal{*} by {service}.as_count(), 'agile', 3, direction='above', alert_window='last_1h', "
            "interval=300, count_default_zero='true', seasonality='weekly') >= 0.5"
        ),
        {"threshold_windows": {"trigger_window": "last_1h", "recovery_window": "last_1h"}},
        20.0,
    ),
}


def data(days: int, groups: int) -> dict[str, list[Series]]:
    """Return counts, gauges and distributions of some days; of `seasonal` the six weeks before, too."""
    rng = np.random.default_rng(7)
    every = (60 * np.arange((days + SEASONS) * MINUTES_A_DAY)).tolist()
    times = every[-days * MINUTES_A_DAY - 60 :]
    minutes = len(times)
    found: dict[str, list[Series]] = {"calls": [], "errors": [], "gauge": [], "latency": [], "seasonal": []}
    for group in range(groups):
        tags = (f"service:s{group}",)
        calls = rng.poisson(20, minutes)
        found["calls"].append(Series("calls", "count", tags, dict(zip(times, calls.tolist(), strict=True))))
        errors = rng.binomial(calls, 0.02)
        found["errors"].append(Series("errors", "count", tags, dict(zip(times, errors.tolist(), strict=True))))
        seasonal = rng.poisson(20, len(every)).tolist()
        found["seasonal"].append(Series("seasonal", "count", tags, dict(zip(every, seasonal, strict=True))))
        gauge = rng.normal(50, 10, minutes)
        found["gauge"].append(Series("gauge", "gauge", tags, dict(zip(times, gauge.tolist(), strict=True))))
    for group in range(min(groups, 10)):
        sketches = {at: Sketch(rng.lognormal(0, 0.5, 20).tolist()) for at in times}
        found["latency"].append(Series("latency", "distribution", (f"service:s{group}",), sketches=sketches))
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--groups", type=int, default=100)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    held = data(arguments.days, arguments.groups)
    axis = Axis(SEASONS * MINUTES_A_DAY * 60, 60, arguments.days * MINUTES_A_DAY)
    lines = ["| monitor | groups | CPU | budget |", "|---|---|---|---|"]
    for name, (query, options, budget) in MONITORS.items():
        before = time.process_time()
        [course] = watch([Watched(1, "m", "query alert", query, options)], lambda metric: held[metric], axis).values()
        assert isinstance(course, Course), course
        lines.append(f"| {name} | {len(course.groups)} | {time.process_time() - before:.1f} s | {budget:g} s |")
    query = "percentile(last_5m):p95:latency{*} by {service} > 2"
    before = time.process_time()
    [course] = watch([Watched(1, "m", "query alert", query)], lambda metric: held[metric], axis).values()
    assert isinstance(course, Course), course
    lines.append(f"| a percentile | {len(course.groups)} | {time.process_time() - before:.1f} s | |")
    table = "\n".join(lines)
    intro = f"{arguments.days} days, an evaluation a minute, on data of one point a minute; CPU of one process."
    print(f"{intro}\n\n{table}")
    if arguments.write:
        publish("evaluator", f"{intro}\n\n{table}")


if __name__ == "__main__":
    main()
