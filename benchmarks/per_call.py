"""What instrumentation adds to a Bedrock call, in one run beside the best peer (Traceloop's OpenTelemetry instrumentation).

    python benchmarks/per_call.py [--rounds 5] [--scale 1.0] [--write]

In a process of its own each instrumentation is compared with itself switched off, in turn: what else the machine does hits both
alike. Traceloop instruments a client when it is made, so its plain client is one that was made before; ddllm runs
under `ddtrace-run`, and its plain client's calls are made while nothing is reported. A server of its own answers at once.

Calls are made in blocks, plain and instrumented in turn, and the scenarios take turns too. A block is what a process does in one
round of reporting. The garbage collector runs as it does for a user.

The caller's thread: the lowest tenth of the calls' CPU times, instrumented less plain. A chunk costs (long stream - short
stream) / (2000 - 20). The whole process: the CPU of a block with everything that background threads do about it, instrumented
less its plain neighbour. The figure is the mean of the middle half of these differences, over all rounds. Nine of ten ratios of
a bootstrap over the rounds and their blocks lie in the interval beside it. What is loaded on first use is no part of a call: each
process measures it by itself. `--write` puts the table into docs/performance.md.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import threading
import time
import venv
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PEER = ROOT / ".cache" / "bench" / "traceloop"
PEER_PACKAGES = ("opentelemetry-instrumentation-bedrock==0.62.4", "opentelemetry-sdk")

SHORT = "anthropic.claude-bench-300-20"
LONG = "anthropic.claude-bench-2000-2000"
SCENARIOS = {  # name: (operation, model, calls in a block)
    "Converse": ("converse", SHORT, 25),
    "InvokeModel": ("invoke", SHORT, 25),
    "ConverseStream": ("converse_stream", SHORT, 25),
    "InvokeModel stream": ("invoke_stream", SHORT, 25),
    "Converse long": ("converse_stream", LONG, 2),
    "Invoke long": ("invoke_stream", LONG, 2),
}
PAIRS = 32
RESAMPLES = 500
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


class Side:
    """Calls with an instrumentation or without it, in blocks: CPU of the caller's thread by call, of the process by block."""

    def __init__(self, tool: Traceloop | Ddllm, clients: dict, *, on: bool) -> None:
        self.tool, self.clients, self.on = tool, clients, on
        self.calls: dict[str, list[int]] = {name: [] for name in SCENARIOS}

    def block(self, name: str, number: int | None = None) -> float:
        """Make a block of calls and everything that follows of them; the process's CPU in µs a call."""
        operation, model, size = SCENARIOS[name]
        call, took = self.clients[operation], self.calls[name]
        self.tool.switch(on=self.on)
        began = time.process_time()
        for _ in range(number or size):
            started = time.thread_time_ns()
            call(model)
            took.append(time.thread_time_ns() - started)
        self.tool.settle()
        return (time.process_time() - began) / (number or size) * 1e6

    def lowest(self, name: str) -> float:
        """Return the lowest tenth of the caller's CPU times, in µs a call."""
        return sorted(self.calls[name])[len(self.calls[name]) // 10] / 1e3


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
    loading += (ours.block("Converse", 1) - ours.block("Converse", 1)) / 1e6
    for name in SCENARIOS:
        for side in (plain, ours):
            side.block(name)
            side.calls[name].clear()
    added: dict[str, list[float]] = {name: [] for name in SCENARIOS}
    for number in range(max(4, int(PAIRS * scale))):
        for name in SCENARIOS:
            took = {side: side.block(name) for side in ((plain, ours) if number % 2 else (ours, plain))}
            added[name].append(took[ours] - took[plain])
    thread = {name: (plain.lowest(name), ours.lowest(name) - plain.lowest(name)) for name in SCENARIOS}
    print("@" + json.dumps({"loading": loading * 1e3, "thread": thread, "process": added}), flush=True)
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


def middle(values: Sequence[float]) -> float:
    """Return the mean of the middle half: as steady as a median, and it does not leap between values that come in groups."""
    ordered = sorted(values)
    quarter = len(ordered) // 4
    return statistics.fmean(ordered[quarter : len(ordered) - quarter])


#: One round of one instrumentation -> the samples that it has of a figure.
Samples = Callable[[dict], Sequence[float]]


def interval(rounds: list[dict[str, dict]], samples: Samples) -> tuple[float, float]:
    """Return where nine tenths of the ratios lie, were rounds and the pairs in them drawn again."""
    draw = random.Random(0)

    def drawn(variant: str) -> float:
        some = [samples(one[variant]) for one in draw.choices(rounds, k=len(rounds))]
        return middle([value for values in some for value in draw.choices(values, k=len(values))])

    ratios = sorted(drawn("ddllm") / drawn("traceloop") for _ in range(RESAMPLES))
    return ratios[RESAMPLES // 20], ratios[-RESAMPLES // 20]


def table(rounds: list[dict[str, dict]]) -> str:
    """Render the figures of all rounds, and the ratios that the budgets are about."""

    def row(label: str, samples: Samples, budget: str, digits: int = 0) -> str:
        theirs, ours = (
            middle([value for one in rounds for value in samples(one[variant])]) for variant in ("traceloop", "ddllm")
        )
        low, high = interval(rounds, samples)
        return f"| {label} | {theirs:.{digits}f} | {ours:.{digits}f} | {ours / theirs:.2f} | {low:.2f} to {high:.2f} | {budget} |"

    def thread(name: str) -> Samples:
        return lambda one: [one["thread"][name][1]]

    def process(name: str) -> Samples:
        return lambda one: one["process"][name]

    def chunk(long: str, short: str) -> Samples:
        return lambda one: [(one["thread"][long][1] - one["thread"][short][1]) / 1980]

    def loading(variant: str) -> float:
        return statistics.median(one[variant]["loading"] for one in rounds)

    singles = ["Converse", "InvokeModel", "ConverseStream", "InvokeModel stream"]
    bare = (statistics.median(r["traceloop"]["thread"][name][0] for r in rounds) for name in singles)
    pairs = len(rounds[0]["ddllm"]["process"]["Converse"])
    loaded = (
        f"Loading, once a process: {loading('ddllm'):.0f} ms, on the worker; "
        f"Traceloop {loading('traceloop'):.0f} ms, as it is set up."
    )
    lines = [
        f"Added CPU in µs of {len(rounds)} rounds with {pairs} pairs of blocks each; boto3 alone takes "
        + ", ".join(f"{time:.0f} ({name})" for name, time in zip(singles, bare, strict=True)) + ".",
        "",
        "| what | Traceloop | ddllm | ratio | in nine of ten runs | budget |",
        "|---|---|---|---|---|---|",
        *(row(f"{name}, the caller's thread", thread(name), "0.3") for name in singles),
        row("a Converse chunk, the caller's thread", chunk("Converse long", "ConverseStream"), "0.5", 2),
        row("an Invoke chunk, the caller's thread", chunk("Invoke long", "InvokeModel stream"), "0.33", 2),
        *(row(f"{name}, the whole process", process(name), "0.5") for name in singles),
        row("Converse long stream, the whole process", process("Converse long"), "0.5"),
        row("Invoke long stream, the whole process", process("Invoke long"), "0.5"),
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    parser.add_argument("--child", choices=VARIANTS, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(options.child, options.port, options.scale)
    install_peer()
    import socket

    sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sink.bind(("127.0.0.1", 0))
    server = subprocess.Popen(
        [sys.executable, ROOT / "benchmarks" / "static_bedrock.py"], stdout=subprocess.PIPE, text=True
    )
    try:
        port = int(server.stdout.readline())
        rounds: list[dict[str, dict]] = []
        names = list(VARIANTS)
        for number in range(options.rounds):
            order = names[number % len(names) :] + names[: number % len(names)]
            rounds.append({name: measure(name, port, sink.getsockname()[1], options.scale) for name in order})
            print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
    finally:
        server.terminate()
    result = table(rounds)
    print(result)
    if options.write:
        sys.path.insert(0, str(ROOT / "benchmarks"))
        from publish import publish

        publish("per-call", result)


if __name__ == "__main__":
    main()
