"""How long 200 tests of monitors take, beside as many unit tests of `promtool test rules` on the same shape of work.

    python benchmarks/monitor_tests.py [--promtool PATH] [--rounds 3] [--write]

Each test has two services with calls and errors, two hours of a point a minute, one incident, and says what must hold before it, in
it and after it; both sides compute a share of errors over five minutes and ask for a number of errors. Start-up, reading and
every process count. promtool is in Debian's package prometheus; without it ddllm is measured alone. `--write` puts the table into
docs/performance.md.
"""

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.publish import publish

FILES, TESTS = 20, 10
BUDGET = 15

SETTINGS = "project: bench\n"
MONITORS = """
share:
  severity: none
  name: Share of errors
  type: query alert
  query: >-
    sum(last_5m):sum:ddllm.requests{env:prod,status:error} by {service}.as_count()
    / sum:ddllm.requests{env:prod} by {service}.as_count() > 0.1
  message: A part.
  options: {on_missing_data: resolve, new_group_delay: 0}
enough:
  severity: none
  name: Enough errors
  type: query alert
  query: sum(last_5m):sum:ddllm.requests{env:prod,status:error} by {service}.as_count() >= 10
  message: A part.
  options: {on_missing_data: resolve, new_group_delay: 0}
failing:
  severity: page
  name: Failing {{service.name}}
  type: composite
  query: ${monitor:share} && ${monitor:enough}
  message: Users get errors. @pagerduty-shop
"""
RULES = """
groups:
- name: bench
  rules:
  - alert: failing
    expr: >-
      (sum by (service) (sum_over_time(requests{status="error"}[5m])) / sum by (service) (sum_over_time(requests[5m])) > 0.1)
      and (sum by (service) (sum_over_time(requests{status="error"}[5m])) >= 10)
    annotations: {summary: "Failing {{ $labels.service }}"}
"""
OURS = """
- name: test {number}
  series:
  - {{metric: "ddllm.requests{{env:prod,service:chat,status:ok}}", values: 40x120}}
  - {{metric: "ddllm.requests{{env:prod,service:chat,status:error}}", values: 0x{begin} 20x20 0x{rest}}}
  - {{metric: "ddllm.requests{{env:prod,service:search,status:ok}}", values: 40x120}}
  - {{metric: "ddllm.requests{{env:prod,service:search,status:error}}", values: 1x120}}
  expect:
  - {{at: {begin}m, monitor: failing, group: "service:chat", state: OK}}
  - {{at: {during}m, monitor: failing, group: "service:chat", state: Alert, message: {{contains: Failing chat}}}}
  - {{at: 115m, monitor: failing, state: OK}}
"""
THEIRS = """
- name: test {number}
  interval: 1m
  input_series:
  - {{series: 'requests{{service="chat",status="ok"}}', values: 40x119}}
  - {{series: 'requests{{service="chat",status="error"}}', values: 0x{begin_less} 20x19 0x{rest_less}}}
  - {{series: 'requests{{service="search",status="ok"}}', values: 40x119}}
  - {{series: 'requests{{service="search",status="error"}}', values: 1x119}}
  alert_rule_test:
  - {{eval_time: {begin_less}m, alertname: failing, exp_alerts: []}}
  - eval_time: {during}m
    alertname: failing
    exp_alerts: [{{exp_labels: {{service: chat}}, exp_annotations: {{summary: Failing chat}}}}]
  - {{eval_time: 115m, alertname: failing, exp_alerts: []}}
"""


def write(folder: Path) -> list[str]:
    """Write both suites, and return the names of promtool's files."""
    (folder / "monitors" / "tests").mkdir(parents=True)
    (folder / "monitors" / "settings.yaml").write_text(SETTINGS)
    (folder / "monitors" / "monitors.yaml").write_text(MONITORS)
    (folder / "rules.yaml").write_text(RULES)
    names = []
    for file in range(FILES):
        ours, theirs = ["monitors: [../monitors.yaml]\ntests:"], ["rule_files: [rules.yaml]\ntests:"]
        for test in range(TESTS):
            begin = 40 + 2 * test
            rest = 120 - 20 - begin
            values = {"number": test, "begin": begin, "during": begin + 10, "rest": rest}
            ours.append(OURS.format(**values).strip("\n"))
            theirs.append(THEIRS.format(**values, begin_less=begin - 1, rest_less=rest - 1).strip("\n"))
        (folder / "monitors" / "tests" / f"t{file}.yaml").write_text("\n".join(ours) + "\n")
        names.append(f"p{file}.yaml")
        (folder / names[-1]).write_text("\n".join(theirs) + "\n")
    return names


def timed(argv: list[str], folder: Path) -> tuple[float, float]:
    """Run a command, which has to succeed, and return seconds by the clock and of CPU."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)
    clock, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{argv[0]} failed:\n{done.stdout}\n{done.stderr}")
    return clock, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--promtool", default=shutil.which("promtool"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = write(folder)
        commands = {"ddllm test": [str(Path(sys.executable).with_name("ddllm")), "test"]}
        if arguments.promtool:
            commands["promtool test rules"] = [arguments.promtool, "test", "rules", *files]
        found: dict[str, list[tuple[float, float]]] = {each: [] for each in commands}
        for _ in range(arguments.rounds):
            for each, argv in commands.items():
                found[each].append(timed(argv, folder))
    rows = {each: [statistics.median(column) for column in zip(*runs, strict=True)] for each, runs in found.items()}
    lines = ["| 200 tests | by the clock | CPU, all processes | budget |", "|---|---|---|---|"]
    for each, (clock, cpu) in rows.items():
        lines.append(f"| `{each}` | {clock:.1f} s | {cpu:.1f} s | {f'{BUDGET} s' if each == 'ddllm test' else ''} |")
    if len(rows) > 1:
        clock, cpu = (ours / theirs for ours, theirs in zip(*rows.values(), strict=True))
        lines.append(f"| ratio | {clock:.2f} | {cpu:.2f} | |")
    intro = f"{FILES} files of {TESTS} tests, on {os.cpu_count()} cores; the median of {arguments.rounds} runs."
    table = "\n".join(lines)
    print(f"{intro}\n\n{table}")
    if arguments.write:
        publish("monitor-tests", f"{intro}\n\n{table}")


if __name__ == "__main__":
    main()
