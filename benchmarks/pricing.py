"""What it takes to price a call: ddllm's cost() beside genai-prices' own calc_price, whose figures it uses.

    python benchmarks/pricing.py [--rounds 15] [--write]

Both price the same usages of the same models in turn, after each has priced every model once; the median of the rounds is
reported, with the first price of a process, which loads the catalogue, measured in processes of its own. A plain look-up of a
rate in a dict and one multiplication shows what the machine can do at best. `--write` puts the table into docs/performance.md.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median

from genai_prices import Usage as Tokens
from genai_prices import calc_price

from ddllm.pricing import Catalogue, Usage

MODELS = (
    "us.anthropic.claude-sonnet-4-6",
    "global.anthropic.claude-haiku-5-5",
    "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "amazon.nova-lite-v1:0",
    "us.meta.llama3-3-70b-instruct-v1:0",
    "amazon.titan-embed-text-v2:0",
)
FIRST = """
import time
from {module}
start = time.process_time()
{statement}
print((time.process_time() - start) * 1e3)
"""
OURS = FIRST.format(
    module="ddllm import pricing",
    statement="pricing.cost('aws.bedrock', 'us.amazon.nova-lite-v1:0', pricing.Usage(9, 9))",
)
THEIRS = FIRST.format(
    module="importlib import import_module",
    statement="g = import_module('genai_prices'); "
    "g.calc_price(g.Usage(input_tokens=9, output_tokens=9), 'us.amazon.nova-lite-v1:0', provider_id='aws')",
)


def per_call(price: Callable[[str], object], times: int) -> float:
    """Price every model so many times; microseconds a call."""
    start = time.process_time()
    for _ in range(times):
        for model in MODELS:
            price(model)
    return (time.process_time() - start) / (times * len(MODELS)) * 1e6


def first(code: str) -> float:
    """CPU milliseconds of the first price in a process of its own."""
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


def measure(rounds: int) -> str:
    catalogue = Catalogue()
    usages = {model: Usage(1200, None if "embed" in model else 300, 400, 100) for model in MODELS}
    tokens = {
        model: Tokens(
            input_tokens=each.input,
            output_tokens=each.output or 0,
            cache_read_tokens=each.cache_read,
            cache_write_tokens=each.cache_write,
        )
        for model, each in usages.items()
    }
    table = dict.fromkeys(MODELS, (1e-6, 2e-6))

    def ours(model: str) -> object:
        return catalogue.cost("aws.bedrock", model, usages[model])

    def theirs(model: str) -> object:
        return calc_price(tokens[model], model, provider_id="aws")

    def least(model: str) -> object:
        sent, made = table[model]
        return usages[model].input * sent + (usages[model].output or 0) * made

    ways = {ours: 2_000, theirs: 20, least: 2_000}
    taken: dict[Callable[[str], object], list[float]] = {way: [] for way in ways}
    for way in ways:
        per_call(way, 1)
    for number in range(rounds):
        for way, times in ways.items() if number % 2 else reversed(ways.items()):
            taken[way].append(per_call(way, times))
    starts: dict[str, list[float]] = {OURS: [], THEIRS: []}
    for _ in range(rounds):
        for code, some in starts.items():
            some.append(first(code))
    start, their_start = median(starts[OURS]), median(starts[THEIRS])
    us, them, floor = (median(taken[way]) for way in ways)
    lines = [
        "| to price a call, CPU | genai-prices | ddllm | ratio |",
        "|---|---|---|---|",
        f"| after the first of its model | {them:.0f} µs | {us:.1f} µs | {us / them:.3f} |",
        f"| the first of a process, loading the catalogue | {their_start:.0f} ms | {start:.0f} ms | {start / their_start:.2f} |",
        "",
        f"One look-up in a dict and two multiplications take {floor:.2f} µs on the same machine.",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    options = parser.parse_args()
    result = measure(options.rounds)
    print(result)
    if options.write:
        from publish import publish

        publish("pricing", result)


if __name__ == "__main__":
    main()
