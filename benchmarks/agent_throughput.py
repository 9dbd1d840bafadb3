"""How many DogStatsD lines a second the sandbox's agent takes in, through real sockets, on one core.

Lines are what one LLM call reports: counts and distributions with ten tags. The sender is another process.

    taken in     the store alone, without sockets
    unix         a Unix socket blocks its sender while it is full, so that nothing is lost and the pace is the receiver's
    udp          sent at a fixed pace: what arrived of it, and what share of one core the receiver used

    python benchmarks/agent_throughput.py [--seconds 2]
"""

import argparse
import resource
import socket
import subprocess
import sys
import tempfile
import time

from ddllm import catalog
from ddllm.sandbox.agent import Agent
from ddllm.sandbox.sockets import Address
from ddllm.sandbox.store import Store

TAGS = (
    "service:shop,env:prod,version:2.15.0,provider:aws.bedrock,model_vendor:anthropic,model_name:claude-3-5-sonnet-20241022-v2,"
    "feature:chat{0},operation:chat,region:eu-central-1,status:ok"
)
COUNTS = (catalog.REQUESTS, catalog.ATTEMPTS, catalog.TOKENS_INPUT, catalog.TOKENS_OUTPUT)
DISTRIBUTIONS = (catalog.TTFT, catalog.DURATION, catalog.TOKENS_PER_SECOND, catalog.REQUEST_COST)


def packets() -> list[bytes]:
    """One packet a call: 8 lines, values that differ, 40 features."""
    made = []
    for i in range(400):
        tags = TAGS.format(i % 40)
        lines = [f"{metric}:{i + 1}|c|#{tags}" for metric in COUNTS] + [
            f"{metric}:{(i + 1) / 977}|d|#{tags}" for metric in DISTRIBUTIONS
        ]
        made.append("\n".join(lines).encode())
    return made


LINES = len(COUNTS) + len(DISTRIBUTIONS)


def send(url: str, seconds: float, lines_per_second: float) -> None:
    """Send for some seconds, as fast as the socket takes it (0) or at a pace; print the number of lines."""
    family, where = Address.parse(url).resolve()
    made, sent, pause = packets(), 0, 0.002
    with socket.socket(family, socket.SOCK_DGRAM) as sender:
        sender.connect(where)
        started = time.perf_counter()
        while (elapsed := time.perf_counter() - started) < seconds:
            due = elapsed * lines_per_second / LINES if lines_per_second else sent + 100
            while sent < due:
                sender.send(made[sent % len(made)])
                sent += 1
            if lines_per_second:
                time.sleep(pause)
    print(sent * LINES)


def taken_in(seconds: float) -> str:
    store, made, number = Store(retention=360, max_series=20_000), packets(), 0
    started = time.process_time()
    while (spent := time.process_time() - started) < seconds:
        for packet in made:
            store.ingest(packet, 1000.0 + number)
        number += 1
    return row("taken in", "", store.stats.lines, store.stats.lines, spent, spent)


def through(url: str, seconds: float, lines_per_second: float, name: str) -> str:
    with Agent(url) as agent:
        before, started = cpu(), time.perf_counter()
        command = [
            sys.executable,
            __file__,
            "--send",
            agent.urls[0],
            "--pace",
            str(lines_per_second),
            "--seconds",
            str(seconds),
        ]
        sent = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return row(
        name,
        f"{lines_per_second:,.0f}" if lines_per_second else "as taken",
        sent,
        agent.stats.lines,
        cpu() - before,
        time.perf_counter() - started,
    )


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def row(name: str, pace: str, sent: int, received: int, spent: float, wall: float) -> str:
    lost = 100 * (sent - received) / sent
    return f"| {name} | {pace} | {received:,} | {lost:.1f} % | {received / spent:,.0f} | {1e6 * spent / received:.2f} | {100 * spent / wall:.0f} % |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--send", help=argparse.SUPPRESS)
    parser.add_argument("--pace", type=float, default=0.0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.send:
        send(options.send, options.seconds, options.pace)
        return
    print(
        "| way | lines/s sent | lines received | lost | lines per CPU second | CPU µs a line | of one core |\n|---|---|---|---|---|---|---|"
    )
    print(taken_in(options.seconds))
    with tempfile.TemporaryDirectory() as folder:
        print(through(f"unix://{folder}/dsd.sock", options.seconds, 0, "unix"))
    for pace in (50_000, 100_000, 150_000, 200_000):
        print(through("udp://127.0.0.1:0", options.seconds, pace, "udp"))


if __name__ == "__main__":
    main()
