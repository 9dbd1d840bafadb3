"""What instrumentation adds to a Bedrock call, in one run beside the best peer (Traceloop's OpenTelemetry instrumentation).

    python benchmarks/per_call.py [--rounds 5] [--scale 1.0] [--write]

In a process of its own each instrumentation is compared with itself switched off, call by call in turn: what else the machine
does hits both alike. Traceloop instruments a client when it is made, so its plain client is one that was made before; ddllm runs
under `ddtrace-run`, and its plain client's calls are made while nothing is reported. A server of its own answers at once.

The caller's thread: the lowest tenth of the calls' CPU times, instrumented less plain. The whole process: blocks of calls, with
what background threads do about them. A chunk costs (long stream - short stream) / (2000 - 20). `--write` puts the table into
docs/performance.md.
"""

import argparse
import gc
import json
import os
import statistics
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PEER = ROOT / ".cache" / "bench" / "traceloop"
PEER_PACKAGES = ("opentelemetry-instrumentation-bedrock==0.62.4", "opentelemetry-sdk")

SHORT = "anthropic.claude-bench-300-20"
LONG = "anthropic.claude-bench-2000-2000"
SCENARIOS = {  # name: (operation, model, calls)
    "Converse": ("converse", SHORT, 200),
    "InvokeModel": ("invoke", SHORT, 200),
    "ConverseStream": ("converse_stream", SHORT, 120),
    "InvokeModel stream": ("invoke_stream", SHORT, 120),
    "Converse long": ("converse_stream", LONG, 8),
    "Invoke long": ("invoke_stream", LONG, 8),
}
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

    def switch(self, *, on: bool) -> None:
        self.botocore._queue = self.queue if on else None

    def settle(self) -> None:
        self.queue._notify()
        while self.queue._records or self.queue._bytes_in != self.queue._bytes_out:
            time.sleep(0.01)


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


def child(variant: str, port: int, scale: float) -> None:
    """Measure one instrumentation in this process; print one line of JSON."""
    tool = {"traceloop": Traceloop, "ddllm": Ddllm}[variant]()
    plain = operations(port)
    tool.instrument()
    sides = {False: plain, True: operations(port)}

    def call(on: bool, operation: str, model: str) -> None:
        tool.switch(on=on)
        sides[on][operation](model)

    for operation, model, _ in SCENARIOS.values():
        for number in range(4 if model == LONG else 40):
            call(bool(number % 2), operation, model)
    time.sleep(1.5)  # what is loaded on first use is loaded now
    tool.settle()
    gc.disable()
    result = {"thread": {}, "process": {}}
    for name, (operation, model, count) in SCENARIOS.items():
        times: dict[bool, list[int]] = {False: [], True: []}
        for number in range(max(4, int(count * scale))):
            for on in (False, True) if number % 2 else (True, False):
                began = time.thread_time_ns()
                call(on, operation, model)
                times[on].append(time.thread_time_ns() - began)
        lowest = {on: sorted(some)[len(some) // 10] / 1e3 for on, some in times.items()}
        result["thread"][name] = (lowest[False], lowest[True] - lowest[False])
        tool.settle()
        gc.collect()
        blocks: dict[bool, list[float]] = {False: [], True: []}
        size = 2 if model == LONG else 25
        for number in range(max(4, int(count * scale / size))):
            for on in (False, True) if number % 2 else (True, False):
                began = time.process_time()
                for _ in range(size):
                    call(on, operation, model)
                tool.settle()
                blocks[on].append((time.process_time() - began) / size * 1e6)
        result["process"][name] = statistics.median(blocks[True]) - statistics.median(blocks[False])
        gc.collect()
    print("@" + json.dumps(result), flush=True)
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


def table(rounds: list[dict[str, dict]]) -> str:
    """Render the medians of the rounds, and the ratios that the budgets are about."""

    def added(variant: str, kind: str, name: str) -> float:
        values = [r[variant][kind][name] for r in rounds]
        return statistics.median(value[1] if kind == "thread" else value for value in values)

    def row(label: str, kind: str, name: str, budget: str, *, short: str | None = None) -> str:
        def cost(variant: str) -> float:
            per_call = added(variant, kind, name)
            return (per_call - added(variant, kind, short)) / 1980 if short else per_call

        ours, theirs = cost("ddllm"), cost("traceloop")
        digits = 2 if short else 0
        return f"| {label} | {theirs:.{digits}f} | {ours:.{digits}f} | {ours / theirs:.2f} | {budget} |"

    singles = ["Converse", "InvokeModel", "ConverseStream", "InvokeModel stream"]
    bare = (statistics.median(r["traceloop"]["thread"][name][0] for r in rounds) for name in singles)
    lines = [
        f"Added CPU in µs, medians of {len(rounds)} rounds; boto3 alone takes "
        + ", ".join(f"{time:.0f} ({name})" for name, time in zip(singles, bare, strict=True)) + ".",
        "",
        "| what | Traceloop | ddllm | ratio | budget |",
        "|---|---|---|---|---|",
        *(row(f"{name}, the caller's thread", "thread", name, "0.3") for name in singles),
        row("a Converse chunk, the caller's thread", "thread", "Converse long", "0.5", short="ConverseStream"),
        row("an Invoke chunk, the caller's thread", "thread", "Invoke long", "0.33", short="InvokeModel stream"),
        *(row(f"{name}, the whole process", "process", name, "0.5") for name in singles),
        row("Converse long stream, the whole process", "process", "Converse long", "0.5"),
        row("Invoke long stream, the whole process", "process", "Invoke long", "0.5"),
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
