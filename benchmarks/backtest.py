"""How long a backtest of the whole library takes: 14 days of six features' traffic, 0.87 million requests, at one point a minute.

    python benchmarks/backtest.py [--days 14] [--keep FILE] [--write]

The traffic is made up: a day's shape, three services, calls by Poisson, latencies lognormal. `--keep` leaves the recording in a
file; `--write` puts the table into docs/performance.md.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np

from ddllm import catalog
from ddllm.query.recordings import Recording, write_recording
from ddllm.query.series import Series
from ddllm.query.sketch import Sketch

ROOT = Path(__file__).resolve().parent.parent
BUDGET = 120  # seconds of CPU: a minute on two cores
START = 1_767_571_200
#: service, feature, model, calls a minute at midday
FEATURES = (
    ("chat", "support", "claude-3-5-sonnet", 21),
    ("chat", "titles", "claude-3-5-haiku", 12.5),
    ("search", "answers", "claude-3-5-sonnet", 10.5),
    ("search", "ranking", "llama3-2-90b", 8),
    ("batch", "summaries", "claude-3-5-haiku", 6.5),
    ("batch", "tagging", "llama3-2-90b", 5),
)
#: Shares of the values of a metric's own tags.
VALUES = {
    "operation": {"chat": 1.0},
    "region": {"us-east-1": 0.7, "us-west-2": 0.3},
    "stream": {"true": 0.8, "false": 0.2},
    "status": {"ok": 0.985, "error": 0.005, "abandoned": 0.01},
    "error_type": {"none": 1.0},
    "finish_reason": {"stop": 0.93, "tool_use": 0.06, "length": 0.01},
    "outcome": {"ok": 0.985, "throttled": 0.01, "server_error": 0.005},
    "prompt_template": {"main": 1.0},
    "prompt_version": {"7": 1.0},
    "reason": {"text": 1.0},
    "format": {"json": 1.0},
    "kind": {"thumbs_up": 0.5, "thumbs_down": 0.1, "regenerate": 0.2, "follow_up": 0.2},
}
#: How many calls count, and what each adds.
COUNTS = {
    catalog.REQUESTS: (1.0, 1.0),
    catalog.ATTEMPTS: (1.0, 1.02),
    catalog.TOKENS_INPUT: (1.0, 1800.0),
    catalog.TOKENS_CACHE_READ: (1.0, 900.0),
    catalog.TOKENS_OUTPUT: (1.0, 350.0),
    catalog.COST: (1.0, 0.01),
    catalog.REFUSALS: (0.005, 1.0),
    catalog.STRUCTURED_CHECKS: (0.5, 1.0),
    catalog.STRUCTURED_FAILURES: (0.005, 1.0),
    catalog.FEEDBACK: (0.04, 1.0),
}
#: A distribution's median and sigma.
DISTRIBUTIONS = {
    catalog.REQUEST_COST: (0.01, 0.5),
    catalog.REQUEST_INPUT_TOKENS: (1800.0, 0.6),
    catalog.REQUEST_OUTPUT_TOKENS: (350.0, 0.6),
    catalog.CONTEXT_UTILIZATION: (0.01, 0.6),
    catalog.TTFT: (0.5, 0.3),
    catalog.DURATION: (4.0, 0.5),
    catalog.TOKENS_PER_SECOND: (70.0, 0.3),
    catalog.TIME_PER_OUTPUT_TOKEN: (0.014, 0.3),
    catalog.QUEUE_TIME: (0.02, 0.5),
}


def recording(days: int, seed: int = 7) -> Recording:
    """Make up traffic."""
    rng = np.random.default_rng(seed)
    minutes = np.arange(days * 24 * 60)
    shape = 0.35 + 0.65 * np.sin(np.pi * (minutes % 1440) / 1440) ** 2
    series = [each for feature in FEATURES for each in _feature(feature, shape, START + 60 * minutes, rng)]
    return Recording(60, START, START + days * 86_400, tuple(series))


def _feature(
    feature: tuple[str, str, str, float], shape: np.ndarray, times: np.ndarray, rng: np.random.Generator
) -> Iterator[Series]:
    service, name, model, rate = feature
    base = {
        "service": service, "env": "prod", "version": "1", "provider": "aws.bedrock",
        "model_vendor": "meta" if model.startswith("llama") else "anthropic", "model_name": model, "feature": name,
    }  # fmt: skip
    for metric, (counted, adds) in COUNTS.items():
        for tags, share in _tags(metric, base):
            calls = rng.poisson(rate * shape * share * counted)
            there = calls > 0
            points = zip(times[there].tolist(), (calls[there] * adds).tolist(), strict=True)
            yield Series(metric.name, "count", tags, dict(points))
    for metric, (median, sigma) in DISTRIBUTIONS.items():
        for tags, share in _tags(metric, base):
            calls = rng.poisson(rate * shape * share)
            yield Series(metric.name, "distribution", tags, sketches=dict(_sketches(times, calls, median, sigma, rng)))


def _tags(metric: catalog.Metric, base: dict[str, str]) -> Iterator[tuple[tuple[str, ...], float]]:
    own = [key for key in metric.tags if key not in base and key in VALUES]
    for values in product(*(VALUES[key].items() for key in own)):
        held = base | {key: value for key, (value, _) in zip(own, values, strict=True)}
        yield (
            tuple(sorted(f"{key}:{value}" for key, value in held.items())),
            float(np.prod([share for _, share in values])),
        )


def _sketches(
    times: np.ndarray, calls: np.ndarray, median: float, sigma: float, rng: np.random.Generator
) -> Iterator[tuple[int, Sketch]]:
    for at, number in zip(times.tolist(), calls.tolist(), strict=True):
        if number:
            yield at, Sketch((median * np.exp(sigma * rng.standard_normal(number))).tolist())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=14)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.keep or Path(folder) / "traffic.jsonl.gz"
        if not path.exists():
            write_recording(recording(arguments.days), path)
        began = time.perf_counter()
        command = [
            sys.executable,
            "-c",
            "from ddllm.cli import main; main()",
            "backtest",
            "--all",
            "--recording",
            str(path),
            "--format",
            "json",
        ]
        done = subprocess.run(
            command, cwd=ROOT, check=True, capture_output=True, env=os.environ | {"PYTHONPATH": str(ROOT)}
        )
        wall = time.perf_counter() - began
        size = path.stat().st_size / 1e6
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    told = json.loads(done.stdout)
    run = sum(each["skipped"] is None for each in told["monitors"])
    cpu, memory = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
    row = f"{len(told['alerts'])} | {cpu:.0f} s | {memory:.0f} MiB | {BUDGET} s |"
    table = "\n".join(
        (
            "| days | recording | monitors that speak | alerts | CPU, all processes | largest process | budget |",
            "|---|---|---|---|---|---|---|",
            f"| {arguments.days} | {size:.0f} MB | {run} | {row}",
        )
    )
    print(f"{table}\n\n{wall:.0f} s by the clock")
    if arguments.write:
        from publish import publish

        publish("backtest", table)


if __name__ == "__main__":
    main()
