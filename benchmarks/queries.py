"""How many queries a second of CPU are parsed and printed, once the grammar is loaded.

    python benchmarks/queries.py [--rounds 7] [--corpus FILE] [--write]

Each round takes the queries of every kind in turn; the table has the medians. The queries are the ones below, which are as long
as those that people have; --corpus takes others, a JSON object with `kind` and `query` a line, gzipped or not. `--write` puts the
table into docs/performance.md.
"""

import argparse
import gzip
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from ddllm.errors import QueryError
from ddllm.query.parse import parse, parse_monitor

BUDGET = 2000
CALLS = 1000
QUERIES = {
    "widget": [
        "avg:system.load.1{*}",
        "sum:aws.elb.requests{$env,$region,name:*-web} by {name,region}.as_count()",
        "p95:ddllm.ttft{env:prod,service:$service.value} by {service,model_name}",
        "sum:ddllm.tokens.input{$env,$service} by {prompt_template}.as_count().rollup(sum, 3600)",
        "top(avg:system.cpu.user{env:prod AND (role:web OR role:db)} by {host}, 10, 'mean', 'desc')",
        "(sum:a.hits{$env}.as_rate() / (sum:a.hits{$env}.as_rate() + sum:a.misses{$env}.as_rate())) * 100",
    ],
    "formula": ["query1", "query1 / query2 * 100", "reduce(rollup(rollup(query1, 'max', 10), 'p99', 86400), 'last')"],
    "monitor": [
        "avg(last_5m):avg:system.load.1{env:prod} by {host} > 5",
        "percentile(last_5m):p95:ddllm.ttft{env:prod} by {service,model_name} > 2",
        "sum(last_1h):sum:a.bad{env:prod} by {service}.as_count() / sum:a.all{env:prod} by {service}.as_count() * 100 >= 5",
        "avg(last_4h):anomalies(sum:a.b{env:prod} by {c}.as_count(), 'agile', 3, direction='above', interval=60) >= 1",
        "change(avg(last_10m),last_1h):exclude_null(avg:kubernetes.containers.restarts{env:prod} by {pod_name}) > 5",
        '"http.can_connect".over("env:prod").by("host","url").last(4).count_by_status()',
        'logs("service:web status:error").index("*").rollup("count").by("source,status").last("15m") > 20',
        "1234 && (2345 || !3456)",
    ],
}


def read(kind: str) -> Callable[[str], object]:
    return parse_monitor if kind == "monitor" else parse


def corpus(path: Path) -> dict[str, list[str]]:
    """Return the queries of a file that can be read, by kind."""
    found: dict[str, list[str]] = {}
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as lines:
        for row in map(json.loads, lines):
            try:
                read(row["kind"])(row["query"])
            except QueryError:
                continue
            found.setdefault(row["kind"], []).append(row["query"])
    return found


def each_took(work: Callable[[object], object], things: list[object]) -> float:
    """Return µs of CPU that each thing took."""
    passes = max(1, CALLS // len(things))
    began = time.process_time()
    for _ in range(passes):
        for thing in things:
            work(thing)
    return (time.process_time() - began) / passes / len(things) * 1e6


def measure(queries: dict[str, list[str]], rounds: int) -> dict[str, tuple[float, float]]:
    """Return µs of CPU of parsing and of printing a query, by kind."""
    trees = {kind: [read(kind)(text) for text in some] for kind, some in queries.items()}
    times: dict[str, list[tuple[float, float]]] = {kind: [] for kind in queries}
    for _ in range(rounds):
        for kind, some in queries.items():
            times[kind].append((each_took(read(kind), some), each_took(str, trees[kind])))
    return {kind: tuple(map(statistics.median, zip(*some, strict=True))) for kind, some in times.items()}


def loading(rounds: int) -> float:
    """Return ms of CPU from a new process's first import to its first tree."""
    script = "import time; b = time.process_time(); from ddllm.query.parse import parse; parse('a{*}'); print(time.process_time() - b)"
    took = [subprocess.run([sys.executable, "-c", script], capture_output=True, check=True) for _ in range(rounds)]
    return statistics.median(float(each.stdout) for each in took) * 1e3


def table(queries: dict[str, list[str]], result: dict[str, tuple[float, float]], loads: float) -> str:
    lines = [
        f"The grammar is loaded once a process, in {loads:,.0f} ms of CPU.",
        "",
        "| what | queries | characters, median | parse, CPU in µs | queries a second | budget | print, CPU in µs |",
        "|---|---|---|---|---|---|---|",
    ]
    for kind, (parsing, printing) in result.items():
        length = statistics.median(map(len, queries[kind]))
        lines.append(
            f"| {kind} | {len(queries[kind]):,} | {length:,.0f} | {parsing:,.0f} | {1e6 / parsing:,.0f} | {BUDGET:,} "
            f"| {printing:,.0f} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    options = parser.parse_args()
    queries = corpus(options.corpus) if options.corpus else QUERIES
    result = table(queries, measure(queries, options.rounds), loading(options.rounds))
    print(result)
    if options.write:
        sys.path.insert(0, str(Path(__file__).parent))
        from publish import publish

        publish("queries", result)


if __name__ == "__main__":
    main()
