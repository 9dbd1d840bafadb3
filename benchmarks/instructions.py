"""How many instructions instrumentation adds to a Bedrock call: what `per_call.py` measures, on a machine that others disturb.

    python benchmarks/instructions.py [--calls 200] [--write]

The two make the same calls of the same server, each instrumentation beside itself switched off; here one scenario follows the other.
valgrind's callgrind (Debian's package valgrind) counts the instructions of each thread. They are no times: what is fetched from a
cold cache counts as much as what is not, and what the kernel does is left out. `--write` puts the table into
docs/performance.md.
"""

import argparse
import gc
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import per_call
from per_call import LONG, SCENARIOS, VARIANTS, Side
from publish import publish

#: Calls of long streams are so many times fewer.
LONG_SHARE = 20
#: callgrind's number of the thread that makes the calls.
MAIN = 1
SINGLES = [name for name, (_, model) in SCENARIOS.items() if model != LONG]
PART = re.compile(r"^part: (\d+)$", re.MULTILINE)
THREAD = re.compile(r"^thread: (\d+)$", re.MULTILINE)
TOTALS = re.compile(r"^(?:summary|totals): (\d+)$", re.MULTILINE)


def calls_of(name: str, calls: int) -> int:
    """Return how many calls a scenario has."""
    return max(1, calls // LONG_SHARE) if SCENARIOS[name][1] == LONG else calls


def control(*arguments: str) -> None:
    """Tell the callgrind around this process what to do."""
    subprocess.run(
        ["callgrind_control", *arguments, str(os.getpid())],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def child(variant: str, port: int, calls: int) -> None:
    """Make calls in this process, and have callgrind write down what each scenario took, plain and instrumented."""
    tool = {"traceloop": per_call.Traceloop, "ddllm": per_call.Ddllm}[variant]()
    plain = Side(tool, per_call.operations(port), on=False)
    tool.instrument()
    ours = Side(tool, per_call.operations(port), on=True)
    for name in SCENARIOS:
        for side in (plain, ours):
            make(side, name, 2)
    gc.collect()
    gc.freeze()  # as per_call.py, and for its reason
    control("-i", "on")
    control("--dump=begin")
    for name in SCENARIOS:
        for side in (plain, ours):
            make(side, name, calls_of(name, calls))
            control("--dump=" + name)
    os._exit(0)


def make(side: Side, name: str, number: int) -> None:
    """Make so many calls, and all that follows of them."""
    operation, model = SCENARIOS[name]
    side.tool.switch(on=side.on)
    for _ in range(number):
        side.clients[operation](model)
    side.tool.settle()


def measure(variant: str, port: int, sink: int, calls: int) -> list[dict[int, int]]:
    """Return the instructions of each thread, in the order in which they were written down."""
    command, extra = VARIANTS[variant]
    env = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
    env |= {"PYTHONHASHSEED": "0", **{key: value.format(sink=sink) for key, value in extra.items()}}
    with tempfile.TemporaryDirectory() as folder:
        callgrind = [
            "valgrind",
            "--tool=callgrind",
            "--instr-atstart=no",
            "--separate-threads=yes",
            "--fair-sched=yes",
            "--trace-children=yes",
            "--trace-children-skip=*callgrind_control,*vgdb,*perl,*/sh",
            f"--callgrind-out-file={folder}/%p",
        ]
        # A script has its interpreter in its first line, which valgrind does not read.
        interpreter = command[-1:] if len(command) > 1 else []
        argv = [*callgrind, *interpreter, *command, __file__, "--child", variant]
        argv += ["--port", str(port), "--calls", str(calls)]
        done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
        parts: dict[int, dict[int, int]] = {}
        for path in Path(folder).iterdir():
            text = path.read_text()
            part, thread, totals = PART.search(text), THREAD.search(text), TOTALS.search(text)
            if part and thread and totals:
                parts.setdefault(int(part[1]), {})[int(thread[1])] = int(totals[1])
    if len(parts) <= 2 * len(SCENARIOS):  # one before the first calls, and two for each scenario
        sys.exit(f"{variant} failed:\n{done.stderr[-2000:]}")
    return [parts[number] for number in sorted(parts)]


class Added:
    """What instrumentation adds to the calls of one scenario, in instructions a call."""

    def __init__(self, plain: dict[int, int], ours: dict[int, int], calls: int) -> None:
        self.caller = (ours[MAIN] - plain[MAIN]) / calls
        self.process = (sum(ours.values()) - sum(plain.values())) / calls


def added(parts: list[dict[int, int]], calls: int) -> dict[str, Added]:
    """Tell what instrumentation adds, by scenario."""
    taken = parts[1:]  # the first one ends where the calls begin
    return {
        name: Added(*taken[2 * number : 2 * number + 2], calls_of(name, calls)) for number, name in enumerate(SCENARIOS)
    }


def table(figures: dict[str, dict[str, Added]], calls: int) -> str:
    """Render what was counted, and the ratios."""
    theirs, ours = figures["traceloop"], figures["ddllm"]

    def row(label: str, of: Callable[[dict[str, Added]], float], digits: int = 0) -> str:
        return (
            f"| {label} | {of(theirs) / 1e3:.{digits}f} | {of(ours) / 1e3:.{digits}f} | {of(ours) / of(theirs):.2f} |"
        )

    def chunk(long: str, short: str) -> Callable[[dict[str, Added]], float]:
        return lambda by_name: (by_name[long].caller - by_name[short].caller) / 1980

    def every(by_name: dict[str, Added]) -> float:
        return sum(by_name[name].process * calls_of(name, calls) for name in SCENARIOS) / total

    total = sum(calls_of(name, calls) for name in SCENARIOS)
    return "\n".join([
        f"Added instructions, in thousands, of {total:,} calls each.",
        "",
        "| what | Traceloop | ddllm | ratio |",
        "|---|---|---|---|",
        *(row(f"{name}, the caller's thread", lambda by, name=name: by[name].caller) for name in SINGLES),
        row("a Converse chunk, the caller's thread", chunk("Converse long", "ConverseStream"), 1),
        row("an Invoke chunk, the caller's thread", chunk("Invoke long", "InvokeModel stream"), 1),
        *(row(f"{name}, the whole process", lambda by, name=name: by[name].process) for name in SINGLES),
        row("Converse long stream, the whole process", lambda by: by["Converse long"].process),
        row("Invoke long stream, the whole process", lambda by: by["Invoke long"].process),
        row("the mean of all these calls, the whole process", every),
    ])  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=200, help="of each scenario; long streams are a twentieth of that")
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    parser.add_argument("--child", choices=VARIANTS, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(options.child, options.port, options.calls)
    if shutil.which("callgrind_control") is None:
        sys.exit("There is no valgrind here: `apt-get install valgrind`, or another system's package of it.")
    per_call.install_peer()
    with (
        per_call.serving() as port,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink,
        ThreadPoolExecutor() as pool,
    ):
        sink.bind(("127.0.0.1", 0))
        counted = pool.map(lambda name: measure(name, port, sink.getsockname()[1], options.calls), VARIANTS)
        figures = {name: added(parts, options.calls) for name, parts in zip(VARIANTS, counted, strict=True)}
    shown = table(figures, options.calls)
    print(shown)
    if options.write:
        publish("instructions", shown)


if __name__ == "__main__":
    main()
