"""What instrumentation adds to a Bedrock call, in one run beside the best peer (Traceloop's OpenTelemetry instrumentation).

    python benchmarks/per_call.py [--rounds 5] [--scale 1.0] [--write]

In a process of its own each instrumentation is compared with itself switched off, in turn: what else the machine does hits both
alike. Traceloop instruments a client when it is made, so its plain client is one that was made before; ddllm runs
under `ddtrace-run`, and its plain client's calls are made while nothing is reported. A server of its own answers at once.

Calls follow each other for seconds, so that background threads work beside them, as they do in a service; plain and instrumented
take turns, and so do the scenarios. Around each call a short loop of fixed work is timed. A core that is shared with strangers
runs at half of its speed for seconds; calls beside which the loop took a fifth more than its best are left out, on both sides.

The caller's thread: the lowest tenth of the calls' CPU times, instrumented less plain. A chunk costs (long stream - short
stream) / (2000 - 20). The whole process: the mean of the CPU that the process used while a call lasted, instrumented less plain, and
its share of what background threads had left to do at the end. Nine of ten ratios of a bootstrap over the turns of all rounds lie
in the interval beside it. What is loaded on first use is no part of a call: each process measures it by itself. What was
loaded is frozen for the garbage collector, or a collection of everything, which comes by chance, would weigh more than all calls.
`--write` puts the table into docs/performance.md.
"""

import argparse
import gc
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import threading
import time
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PEER = ROOT / ".cache" / "bench" / "traceloop"
PEER_PACKAGES = ("opentelemetry-instrumentation-bedrock==0.62.4", "opentelemetry-sdk")

SHORT = "anthropic.claude-bench-300-20"
LONG = "anthropic.claude-bench-2000-2000"
SCENARIOS = {  # name: (operation, model)
    "Converse": ("converse", SHORT),
    "InvokeModel": ("invoke", SHORT),
    "ConverseStream": ("converse_stream", SHORT),
    "InvokeModel stream": ("invoke_stream", SHORT),
    "Converse long": ("converse_stream", LONG),
    "Invoke long": ("invoke_stream", LONG),
}
#: Seconds of a turn: some rounds of reporting, which come every second.
TURN = 2.5
TURNS = 2
#: Seconds that a turn waits for a core that is its own, and how much longer than its best the fixed work may take on one.
PATIENCE = 5.0
UNDISTURBED = 1.2
RESAMPLES = 200
DDTRACE = {
    "DD_TRACE_BOTOCORE_ENABLED": "false",
    "DD_TRACE_URLLIB3_ENABLED": "false",
    "DD_TRACE_AGENT_URL": "http://127.0.0.1:9",
    "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "false",
    "DD_REMOTE_CONFIGURATION_ENABLED": "false",
    "DD_SERVICE": "bench",
    "DD_ENV": "bench",
    "DD_VERSION": "1",
}
BIN = Path(sys.executable).parent
VARIANTS = {
    "traceloop": ([str(PEER / "bin" / "python")], {}),
    "ddllm": (
        [str(BIN / "ddtrace-run"), str(BIN / "python")],
        {**DDTRACE, "DD_DOGSTATSD_URL": "udp://127.0.0.1:{sink}"},
    ),
}


class Traceloop:
    """Traceloop, with an exporter that costs nothing."""

    def instrument(self) -> None:
        from opentelemetry import metrics, trace
        from opentelemetry.instrumentation.bedrock import BedrockInstrumentor
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import InMemoryMetricReader
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

        class Nowhere(SpanExporter):
            def export(self, spans):  # noqa: ARG002 - the interface
                return SpanExportResult.SUCCESS

        self.provider = TracerProvider()
        self.provider.add_span_processor(BatchSpanProcessor(Nowhere(), max_queue_size=8192))
        trace.set_tracer_provider(self.provider)
        metrics.set_meter_provider(MeterProvider(metric_readers=[InMemoryMetricReader()]))
        BedrockInstrumentor().instrument()

    def switch(self, *, on: bool) -> None:
        """Nothing to do: the two clients differ."""

    def settle(self) -> None:
        self.provider.force_flush()


class Ddllm:
    """ddllm, as `ddtrace-run` started it."""

    def instrument(self) -> None:
        from ddllm.instrument import bootstrap
        from ddllm.instrument.patch import botocore

        self.botocore, self.queue = botocore, bootstrap._queue
        self.flushed = threading.Event()
        flush = self.queue._flush

        def _flush() -> None:
            flush()
            self.flushed.set()

        self.queue._flush = _flush

    def switch(self, *, on: bool) -> None:
        self.botocore._queue = self.queue if on else None

    def settle(self) -> None:
        while self.queue._records or self.queue._draining.locked():
            self.flushed.clear()
            self.queue._notify()
            self.flushed.wait(1)


def operations(port: int):
    """Return the four operations as functions of a model id."""
    import boto3
    from botocore.config import Config

    client = boto3.client(
        "bedrock-runtime",
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name="us-east-1",
        aws_access_key_id="bench",
        aws_secret_access_key="bench",
        config=Config(retries={"total_max_attempts": 1}),
    )
    prompt = "Summarise this for an engineer who was not there. " * 100
    messages = [{"role": "user", "content": [{"text": prompt}]}]
    body = json.dumps(
        {
            "anthropic_version": "bedrock-2023-05-31",
            "max_tokens": 512,
            "messages": [{"role": "user", "content": prompt}],
        }
    )

    def converse(model):
        client.converse(modelId=model, messages=messages)

    def invoke(model):
        client.invoke_model(modelId=model, body=body)["body"].read()

    def converse_stream(model):
        for _ in client.converse_stream(modelId=model, messages=messages)["stream"]:
            pass

    def invoke_stream(model):
        for _ in client.invoke_model_with_response_stream(modelId=model, body=body)["body"]:
            pass

    return {"converse": converse, "invoke": invoke, "converse_stream": converse_stream, "invoke_stream": invoke_stream}


def probe() -> int:
    """Time some fixed work: the speed of this core, now."""
    started = time.thread_time_ns()
    total = 0
    for number in range(800):
        total += number
    return time.thread_time_ns() - started


class Side:
    """Calls with an instrumentation or without it, in turns.

    Of a turn: each call's CPU of the caller's thread and of the process, in ns, and the longer one of the probes beside it; then what was
    left to do of all these calls.
    """

    def __init__(self, tool: Traceloop | Ddllm, clients: dict, *, on: bool) -> None:
        self.tool, self.clients, self.on = tool, clients, on

    def turn(self, name: str, seconds: float) -> dict:
        operation, model = SCENARIOS[name]
        call = self.clients[operation]
        self.tool.switch(on=self.on)
        calls = []
        before = probe()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            process, thread = time.process_time_ns(), time.thread_time_ns()
            call(model)
            thread, process = time.thread_time_ns() - thread, time.process_time_ns() - process
            after = probe()
            calls.append((thread, process, max(before, after)))
            before = after
        began = time.process_time_ns()
        self.tool.settle()
        return {"calls": calls, "left": (time.process_time_ns() - began, (before + probe()) // 2)}

    def load(self) -> float:
        """Make one call and all that follows of it; the process's CPU in s."""
        self.tool.switch(on=self.on)
        began = time.process_time()
        self.clients["converse"](SHORT)
        self.tool.settle()
        return time.process_time() - began


def wait_for_the_core() -> None:
    """Wait, for some seconds at most, until the core runs at the best speed that it has shown."""
    until = time.monotonic() + PATIENCE
    while probe() > UNDISTURBED * wait_for_the_core.best and time.monotonic() < until:
        for _ in range(20):
            wait_for_the_core.best = min(wait_for_the_core.best, probe())


wait_for_the_core.best = float("inf")


def child(variant: str, port: int, scale: float) -> None:
    """Measure one instrumentation in this process; print one line of JSON."""
    tool = {"traceloop": Traceloop, "ddllm": Ddllm}[variant]()
    plain = Side(tool, operations(port), on=False)
    for call in plain.clients.values():
        call(SHORT)
    began = time.process_time()
    tool.instrument()
    loading = time.process_time() - began
    ours = Side(tool, operations(port), on=True)
    loading += ours.load() - ours.load()
    for name in SCENARIOS:
        for side in (plain, ours):
            side.turn(name, 0.2)
    gc.collect()
    gc.freeze()
    wait_for_the_core.best = min(probe() for _ in range(5000))
    turns: dict[str, dict[str, list]] = {name: {"plain": [], "ours": []} for name in SCENARIOS}
    for number in range(max(1, int(TURNS * scale))):
        for name, taken in turns.items():
            for key, side in (("plain", plain), ("ours", ours))[:: 1 if number % 2 else -1]:
                wait_for_the_core()
                taken[key].append(side.turn(name, TURN))
    print("@" + json.dumps({"loading": loading * 1e3, "turns": turns}), flush=True)
    os._exit(0)


def measure(variant: str, port: int, sink: int, scale: float) -> dict:
    command, extra = VARIANTS[variant]
    env = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
    env |= {"PYTHONHASHSEED": "0", **{key: value.format(sink=sink) for key, value in extra.items()}}
    argv = [*command, __file__, "--child", variant, "--port", str(port), "--scale", str(scale)]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("@")]
    if not lines:
        sys.exit(f"{variant} failed:\n{done.stderr[-2000:]}")
    return json.loads(lines[-1][1:])


class Turn:
    """Of the undisturbed calls of one turn: the CPU of the caller's thread in µs, that of the process in all, and what was left to do."""

    def __init__(self, turn: dict, limit: float) -> None:
        calls = [(thread / 1e3, process / 1e3) for thread, process, beside in turn["calls"] if beside < limit]
        self.thread = [thread for thread, _ in calls]
        self.process = sum(process for _, process in calls)
        left, beside = turn["left"]
        self.left = left / 1e3 / len(turn["calls"]) * min(1, limit / UNDISTURBED / beside)


#: By instrumentation, scenario and side.
Turns = dict[str, dict[str, dict[str, list[Turn]]]]


def undisturbed(rounds: list[dict[str, dict]]) -> Turns:
    """Return the turns of all rounds, without the calls that were made on a disturbed core."""
    every = [
        turn for one in rounds for tool in one.values() for name in tool["turns"].values() for turn in name["plain"]
    ]
    probes = sorted(beside for turn in every for _, _, beside in turn["calls"])
    limit = UNDISTURBED * probes[len(probes) // 100]
    return {
        variant: {
            name: {
                side: [Turn(turn, limit) for one in rounds for turn in one[variant]["turns"][name][side]]
                for side in ("plain", "ours")
            }
            for name in SCENARIOS
        }
        for variant in VARIANTS
    }


def thread(turns: list[Turn]) -> float:
    """Return the lowest tenth of the caller's CPU times, in µs a call."""
    calls = sorted(time for turn in turns for time in turn.thread)
    return calls[len(calls) // 10] if calls else float("nan")


def process(turns: list[Turn]) -> float:
    """Return the CPU of the process in µs a call, with what was left to do."""
    calls = sum(len(turn.thread) for turn in turns)
    if not calls:
        return float("nan")
    return sum(turn.process for turn in turns) / calls + statistics.fmean(turn.left for turn in turns)


#: One instrumentation's turns, by scenario and side -> what it adds.
Figure = Callable[[dict[str, dict[str, list[Turn]]]], float]


def interval(turns: Turns, figure: Figure) -> tuple[float, float]:
    """Return where nine tenths of the ratios lie, were the turns drawn again."""
    draw = random.Random(0)

    def drawn(variant: str) -> float:
        return figure({
            name: {side: draw.choices(taken, k=len(taken)) for side, taken in sides.items()}
            for name, sides in turns[variant].items()
        })  # fmt: skip

    ratios = sorted(drawn("ddllm") / drawn("traceloop") for _ in range(RESAMPLES))
    return ratios[RESAMPLES // 20], ratios[-RESAMPLES // 20]


def table(rounds: list[dict[str, dict]]) -> str:
    """Render the figures of all rounds, and the ratios that the budgets are about."""
    turns = undisturbed(rounds)

    def row(label: str, figure: Figure, budget: str, digits: int = 0) -> str:
        theirs, ours = figure(turns["traceloop"]), figure(turns["ddllm"])
        low, high = interval(turns, figure)
        return f"| {label} | {theirs:.{digits}f} | {ours:.{digits}f} | {ours / theirs:.2f} | {low:.2f} to {high:.2f} | {budget} |"

    def added(name: str, of: Callable[[list[Turn]], float]) -> Figure:
        # Of one scenario only: the others are not worth sorting.
        return lambda taken: of(taken[name]["ours"]) - of(taken[name]["plain"])

    def chunk(long: str, short: str) -> Figure:
        return lambda taken: (added(long, thread)(taken) - added(short, thread)(taken)) / 1980

    def loading(variant: str) -> float:
        return statistics.median(one[variant]["loading"] for one in rounds)

    singles = ["Converse", "InvokeModel", "ConverseStream", "InvokeModel stream"]
    bare = (thread(turns["traceloop"][name]["plain"]) for name in singles)
    every = [turn for sides in turns.values() for taken in sides.values() for side in taken.values() for turn in side]
    kept = sum(len(turn.thread) for turn in every)
    made = sum(
        len(turn["calls"])
        for one in rounds for tool in one.values() for name in tool["turns"].values() for side in name.values() for turn in side
    )  # fmt: skip
    loaded = (
        f"Loading, once a process: {loading('ddllm'):.0f} ms, on the worker; "
        f"Traceloop {loading('traceloop'):.0f} ms, as it is set up."
    )
    lines = [
        f"Added CPU in µs, of the {kept:,} calls of {made:,} that were made on an undisturbed core, in {len(rounds)} rounds; boto3 alone takes "
        + ", ".join(f"{time:.0f} ({name})" for name, time in zip(singles, bare, strict=True)) + ".",
        "",
        "| what | Traceloop | ddllm | ratio | in nine of ten runs | budget |",
        "|---|---|---|---|---|---|",
        *(row(f"{name}, the caller's thread", added(name, thread), "0.3") for name in singles),
        row("a Converse chunk, the caller's thread", chunk("Converse long", "ConverseStream"), "0.5", 2),
        row("an Invoke chunk, the caller's thread", chunk("Invoke long", "InvokeModel stream"), "0.33", 2),
        *(row(f"{name}, the whole process", added(name, process), "0.5") for name in singles),
        row("Converse long stream, the whole process", added("Converse long", process), "0.5"),
        row("Invoke long stream, the whole process", added("Invoke long", process), "0.5"),
        "",
        loaded,
    ]  # fmt: skip
    return "\n".join(lines)


def install_peer() -> None:
    if (PEER / "bin" / "python").exists():
        return
    import boto3

    venv.create(PEER, with_pip=True)
    subprocess.run([PEER / "bin" / "pip", "install", "-q", f"boto3=={boto3.__version__}", *PEER_PACKAGES], check=True)


@contextmanager
def serving() -> Iterator[int]:
    """Serve what is called; the port."""
    server = subprocess.Popen(
        [sys.executable, ROOT / "benchmarks" / "static_bedrock.py"], stdout=subprocess.PIPE, text=True
    )
    try:
        yield int(server.stdout.readline())
    finally:
        server.terminate()


def measured(number: int, scale: float) -> Iterator[dict[str, dict]]:
    """Measure every instrumentation, so many times."""
    with serving() as port, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink:
        sink.bind(("127.0.0.1", 0))
        names = list(VARIANTS)
        for done in range(number):
            order = names[done % len(names) :] + names[: done % len(names)]
            yield {name: measure(name, port, sink.getsockname()[1], scale) for name in order}
            print(f"round {done + 1} of {number}", file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--keep", type=Path, help="write what was measured to this file, line by line")
    parser.add_argument("--again", type=Path, nargs="+", help="measure nothing; render what was kept in these files")
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    parser.add_argument("--child", choices=VARIANTS, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(options.child, options.port, options.scale)
    if options.again:
        rounds = [json.loads(line) for path in options.again for line in path.read_text().splitlines()]
    else:
        install_peer()
        rounds = list(measured(options.rounds, options.scale))
    if options.keep:
        options.keep.write_text("".join(json.dumps(one) + "\n" for one in rounds))
    result = table(rounds)
    print(result)
    if options.write:
        sys.path.insert(0, str(ROOT / "benchmarks"))
        from publish import publish

        publish("per-call", result)


if __name__ == "__main__":
    main()
