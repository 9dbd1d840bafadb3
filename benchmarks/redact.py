"""What redacting costs, and that its time grows as the text does.

    python benchmarks/redact.py [--rounds 5]

For ordinary texts: µs for 4,096 characters. For texts that are made to be slow: how many times as long 1,000,000 characters
take as 100,000 do. Linear is 10; quadratic would be 100.
"""

import argparse
import statistics
import time

from ddllm.quality.redact import redact

PROSE = "The review found nothing unusual. Most readers finish a chapter in a day, and then they ask for another one; few stop. "
USUAL = "Ask for a token, or write to ann@example.com or call 555-123-4567; order 4711 of 2024-01-15 is on its way. "
SLOW = (
    "a",
    "a@b.",
    "1 ",
    "01 ",
    "(0",
    "+1 ",
    "+1234567890123456789012345 ",
    "eyJaaaaaaaaaa.",
    "password: a",
    "key is ",
)
SLOW += ("-----BEGIN PRIVATE KEY-----", "://a:", "bearer a", "4111 1111 ", "555-123-", "tel: no is me at ")


def took(text: str, rounds: int) -> float:
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        redact(text)
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    for name, unit in (("prose", PROSE), ("prose with addresses", USUAL)):
        print(f"{name:30} {took((unit * 40)[:4096], rounds * 40) * 1e6:6.0f} µs")
    for unit in SLOW:
        small, large = (took(unit * (size // len(unit)), rounds) for size in (100_000, 1_000_000))
        print(f"{unit!r:30} {large / small:6.1f} x ({large * 1e3:,.0f} ms)")


if __name__ == "__main__":
    main()
