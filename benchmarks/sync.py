"""What syncing costs with a thousand monitors: requests, time and memory.

    python benchmarks/sync.py [--monitors 1000] [--rounds 7] [--write]

The sandbox's API runs in a process of its own. A plan that changes nothing is compared with what it cannot do without: reading
the same pages of Datadog's list and the same YAML, without looking at either. Both are CPU of a process that has loaded its
modules, in turn, the lower quartile of the rounds. Memory is the highest of the whole command. `--write` puts the table into
docs/performance.md.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import yaml

from ddllm.api.connection import Connection
from ddllm.api.datadog import Datadog
from ddllm.cli import collect_seldom
from ddllm.cli._definitions import load, plan_for, selected
from ddllm.definitions.project import load_project
from ddllm.sandbox.api import DatadogApi, Request

BIN = Path(sys.executable).parent
KEYS = ("benchmark-api-key", "benchmark-app-key")
A_FILE = 10  # monitors
SETTINGS = """project: shop
default_env: prod
variables: {limit: 2, recovery: 1.6, floor: 40}
envs: {prod: {}, staging: {max_severity: ticket}}
"""
MONITORS = """
slow-{n}:
  severity: none
  name: "Feature {n}: p95 above ${{limit}} s"
  type: query alert
  query: percentile(last_5m):p95:ddllm.ttft{{env:${{env}},feature:f{n}}} by {{service,model_name}} > ${{limit}}
  message: Part of the monitor on slow first tokens; it notifies nobody by itself.
  options: {{thresholds: {{critical_recovery: "${{recovery}}"}}, new_group_delay: 300}}
many-{n}:
  severity: none
  name: "Feature {n}: at least ${{floor}} calls"
  type: query alert
  query: sum(last_5m):count:ddllm.ttft{{env:${{env}},feature:f{n}}} by {{service,model_name}}.as_count() >= ${{floor}}
  message: Part of the monitor on slow first tokens; it notifies nobody by itself.
  options: {{new_group_delay: 300}}
degraded-{n}:
  severity: ticket
  name: "Feature {n} is slow to first token: {{{{model_name.name}}}} in {{{{service.name}}}}"
  type: composite
  query: ${{monitor:slow-{n}}} && ${{monitor:many-{n}}}
  tags: [feature:f{n}]
  message: |
    People who use {{{{service.name}}}} wait before anything appears: for five minutes one streamed answer in twenty from
    {{{{model_name.name}}}} has needed more than ${{limit}} s for its first word. Beyond three seconds they think that it is broken.

    Look first at the row "Latency" of the dashboard "LLM health":
    - queue time rose with it: our own limits, retries or a rate limit hold the calls back
    - queue time is flat and tokens per second fell too: the provider is slow; compare models and regions
"""


def repository(folder: Path, monitors: int) -> Path:
    """Write so many monitors, a third of them composites, ten or so a file."""
    (folder / "monitors").mkdir(parents=True)
    (folder / "monitors" / "settings.yaml").write_text(SETTINGS)
    texts = [part for n in range(monitors // 3 + 1) for part in _entries(MONITORS.format(n=n))][:monitors]
    for start in range(0, monitors, A_FILE * 3):
        (folder / "monitors" / f"file-{start:04d}.yaml").write_text("".join(texts[start : start + A_FILE * 3]))
    return folder


def _entries(text: str) -> list[str]:
    parts = text.strip("\n").split("\nmany-")
    second, third = parts[1].split("\ndegraded-")
    return [f"{parts[0]}\n", f"many-{second}\n", f"degraded-{third}\n"]


def plan(folder: Path) -> object:
    """Do what `ddllm plan` does, up to printing."""
    with Datadog(Connection.from_environ()) as api:
        return plan_for(api, load(folder, None, selected(["monitors"])), lambda _text: None)


def least(folder: Path) -> object:
    """Read the same pages and the same files, and look at neither."""
    with Datadog(Connection.from_environ()) as api:
        pages = list(api.pages("/api/v1/monitor", {"monitor_tags": "managed_by:ddllm", "with_downtimes": "false"}))
    return pages, [
        yaml.load(path.read_text(), yaml.CSafeLoader) for path in sorted((folder / "monitors").glob("*.yaml"))
    ]


def validate(folder: Path) -> object:
    """Do what `ddllm validate` does, up to printing."""
    return load_project(folder)


PARTS: dict[str, Callable[[Path], object]] = {"plan": plan, "least": least, "validate": validate}


def child(part: str, folder: Path) -> None:
    """Do a part once with a small repository, which loads all modules, and print the CPU seconds of doing it with this one."""
    collect_seldom()
    with tempfile.TemporaryDirectory() as small:
        PARTS[part](repository(Path(small) / "small", 3))
    began = time.process_time()
    PARTS[part](folder)
    print(time.process_time() - began)


def cpu(api: DatadogApi, part: str, folder: Path) -> float:
    """CPU seconds of a part, in a process of its own."""
    argv = [sys.executable, __file__, "--child", part, str(folder)]
    return float(subprocess.run(argv, env=environ(api), capture_output=True, text=True, check=True).stdout)


def command(api: DatadogApi, folder: Path, *arguments: str) -> tuple[float, float, Counter[str]]:
    """Run a command. Returns its seconds by the clock, its memory in MiB, and its requests by what they were for."""
    api.requests.clear()
    began = time.perf_counter()
    process = subprocess.Popen(
        [str(BIN / "ddllm"), *arguments], env=environ(api), cwd=folder, stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    took = time.perf_counter() - began
    if os.waitstatus_to_exitcode(status) not in {0, 2}:
        raise SystemExit(f"ddllm {' '.join(arguments)} failed")
    return took, usage.ru_maxrss / 1024, Counter(map(purpose, api.requests))


def purpose(request: Request) -> str:
    """Say what a request was for."""
    if request.path.endswith("/validate"):
        return "validations"
    return "writes" if request.writes else "reads"


def environ(api: DatadogApi) -> dict[str, str]:
    return {**os.environ, "DDLLM_API_URL": api.url, "DD_API_KEY": KEYS[0], "DD_APP_KEY": KEYS[1]}


def quartile(values: list[float]) -> float:
    return sorted(values)[len(values) // 4]


def measure(monitors: int, rounds: int) -> str:
    with tempfile.TemporaryDirectory() as temporary, DatadogApi(keys=KEYS) as api:
        folder = repository(Path(temporary) / "all", monitors)
        some = repository(Path(temporary) / "some", 200)
        first = command(api, folder, "sync", "monitors")
        again = command(api, folder, "plan", "monitors")
        times: dict[str, list[float]] = {"least": [], "plan": [], "validate": []}
        for _ in range(rounds):
            for part, found in times.items():
                found.append(cpu(api, part, some if part == "validate" else folder))
    took = {part: quartile(found) for part, found in times.items()}
    rows = [
        ("what", "measured", "budget"),
        ("---", "---", "---"),
        (f"a plan of {monitors:,} monitors that changes nothing: requests", f"{again[2]['reads']} reads", "≤ 12 reads"),
        ("its CPU, start-up apart", f"{took['plan']:.2f} s", ""),
        ("reading the same pages and files, and no more", f"{took['least']:.2f} s", ""),
        ("ratio", f"{took['plan'] / took['least']:.1f}", "≤ 4"),
        ("its memory", f"{again[1]:.0f} MiB", "≤ 300 MiB"),
        ("validating 200 definitions, start-up apart", f"{took['validate']:.2f} s", "< 1 s"),
        (
            f"the first sync of {monitors:,} monitors",
            f"{first[0]:.0f} s by the clock: {first[2]['reads']:,} reads, {first[2]['validations']:,} validations, {first[2]['writes']:,} writes",
            "",
        ),
    ]
    if set(again[2]) != {"reads"}:
        raise SystemExit(f"the second plan was not one without changes: {again[2]}")
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--monitors", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    parser.add_argument("--child", nargs=2, metavar=("PART", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(options.child[0], Path(options.child[1]))
        return
    result = measure(options.monitors, options.rounds)
    print(result)
    if options.write:
        from publish import publish

        publish("sync", result)


if __name__ == "__main__":
    main()
