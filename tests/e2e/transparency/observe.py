"""Runs every behaviour once, in one process, and prints what was seen as JSON: {"calls": how many of each operation, "seen": by name}.

python -m tests.e2e.transparency.observe URL
"""

import importlib
import json
import random
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from botocore.client import BaseClient
from botocore.retries.bucket import Clock, TokenBucket

from tests.e2e.transparency.world import BEHAVIOURS, World, seen

OPERATIONS = {"Converse", "ConverseStream", "InvokeModel", "InvokeModelWithResponseStream"}

for path in sorted(Path(__file__).parent.glob("*.py")):
    if path.stem not in {"observe", "test_transparency"}:
        importlib.import_module(f"tests.e2e.transparency.{path.stem}")


def hurry() -> None:
    """Shorten the SDK's pauses between attempts, which cost the suite minutes: nothing of them is compared."""
    time.sleep = lambda _: None
    pause, clock = TokenBucket._sleep_amount, Clock.current_time
    Clock.current_time = lambda self: clock(self) * 1000
    TokenBucket._sleep_amount = lambda self, amount: pause(self, amount) / 1000


def count_calls() -> Counter[str]:
    """Count the calls to the four operations, at a place in the SDK that nobody else touches."""
    calls: Counter[str] = Counter()
    original = BaseClient._emit_api_params

    def counting(self: Any, api_params: Any, operation_model: Any, context: Any) -> Any:
        if operation_model.name in OPERATIONS:
            calls[operation_model.name] += 1
        return original(self, api_params, operation_model, context)

    BaseClient._emit_api_params = counting
    return calls


def main() -> None:
    """Run them in the order in which they are written: two processes then differ in nothing else."""
    url = sys.argv[1]
    random.seed(7)
    hurry()
    calls = count_calls()
    result: dict[str, Any] = {}
    made: dict[str, int] = {}
    for name, function in BEHAVIOURS.items():
        before = calls.total()
        result[name] = seen(function, World(url, name))
        made[name] = calls.total() - before
    json.dump({"calls": calls, "seen": result}, sys.stdout)


if __name__ == "__main__":
    main()
