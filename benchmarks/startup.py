"""What ddllm adds to the start of a process: CPU and memory, with ddtrace and without.

    python benchmarks/startup.py [--runs 40] [--write]

Each figure is the difference of the lower quartiles of runs in turn, one with ddllm and one with DDLLM_ENABLED=false, up to a Bedrock client
that has made no call yet. `--write` puts the table into docs/performance.md.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

BIN = Path(sys.executable).parent
REPORT = (
    "import resource, sys; "
    "usage = resource.getrusage(resource.RUSAGE_SELF); "
    "rss = [line.split()[1] for line in open('/proc/self/status') if line.startswith('VmRSS')][0]; "
    "print((usage.ru_utime + usage.ru_stime) * 1e3, int(rss) / 1024)"
)
CLIENT = "import boto3; boto3.client('bedrock-runtime', region_name='us-east-1'); "
CASES = {
    "ddtrace-run, to a Bedrock client": (
        [str(BIN / "ddtrace-run"), str(BIN / "python")],
        CLIENT + REPORT,
        "≤ 40 ms, ≤ 12 MiB",
    ),
    "plain python, nothing imported": ([str(BIN / "python")], REPORT, "< 1 ms"),
}


def run(command: list[str], code: str, *, enabled: bool) -> tuple[float, float]:
    env = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
    env |= {
        "DDLLM_ENABLED": "true" if enabled else "false",
        "DD_TRACE_AGENT_URL": "http://127.0.0.1:9",
        "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "false",
        "DD_REMOTE_CONFIGURATION_ENABLED": "false",
        "PYTHONHASHSEED": "0",
    }
    done = subprocess.run([*command, "-c", code], env=env, capture_output=True, text=True, check=True)
    milliseconds, mebibytes = map(float, done.stdout.split()[-2:])
    return milliseconds, mebibytes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    options = parser.parse_args()
    lines = ["| start of | CPU without | added | memory without | added | budget |", "|---|---|---|---|---|---|"]
    for label, (command, code, budget) in CASES.items():
        runs: dict[bool, list[tuple[float, float]]] = {False: [], True: []}
        for number in range(options.runs):
            for enabled in (False, True) if number % 2 else (True, False):
                runs[enabled].append(run(command, code, enabled=enabled))
        cpu, memory = (
            {on: sorted(one[i] for one in some)[len(some) // 4] for on, some in runs.items()} for i in (0, 1)
        )
        lines.append(
            f"| {label} | {cpu[False]:.0f} ms | {cpu[True] - cpu[False]:.1f} ms | "
            f"{memory[False]:.1f} MiB | {memory[True] - memory[False]:.1f} MiB | {budget} |"
        )
    result = "\n".join(lines)
    print(result)
    if options.write:
        from publish import publish

        publish("startup", result)


if __name__ == "__main__":
    main()
