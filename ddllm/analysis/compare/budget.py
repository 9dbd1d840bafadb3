"""Money that is never passed: before a call its worst case is set aside, after it what it really cost is taken."""

import math
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any

from ddllm.call import Usage
from ddllm.definitions.workload import Model
from ddllm.pricing import Cost

#: How a call is priced; see `ddllm.pricing.cost`.
Price = Callable[[str, str, Usage], Cost | None]

#: Sums of dollars are kept in whole nano-dollars, rounded up: sums of floats can pass a limit by their rounding.
_NANO = 1_000_000_000
#: Tokens that a model's own template adds: around the request, and around each of its messages.
_TEMPLATE_TOKENS, _MESSAGE_TOKENS = 256, 64


class Budget:
    """Dollars that may be spent, from any thread. `spent` is what earlier runs took of them."""

    def __init__(self, limit: float, spent: float = 0.0) -> None:
        self.limit = limit
        self._limit = math.floor(limit * _NANO)
        self._spent = math.ceil(spent * _NANO)
        self._reserved = 0
        self._lock = Lock()

    def __repr__(self) -> str:
        return f"Budget({self.spent:.6f} spent, {self._reserved / _NANO:.6f} reserved of {self.limit:g})"

    @property
    def spent(self) -> float:
        """Dollars that calls cost, those of earlier runs included."""
        return self._spent / _NANO

    def reserve(self, worst: float) -> bool:
        """Set the worst case of a call aside; False, and nothing is set aside, where the limit could be passed."""
        nanos = math.ceil(worst * _NANO)
        with self._lock:
            if self._spent + self._reserved + nanos > self._limit:
                return False
            self._reserved += nanos
            return True

    def settle(self, worst: float, cost: float, *, reservations: int = 1) -> None:
        """Give back what a call set aside by so many `reserve`, and take what it cost."""
        with self._lock:
            self._reserved -= math.ceil(worst * _NANO) * reservations
            self._spent += math.ceil(cost * _NANO)


def worst_case(model: Model, request: Mapping[str, Any], max_tokens: int, price: Price) -> float | None:
    """Return the dollars that a request can cost at most; None for a model without a price.

    No tokenizer makes more tokens of a text than it has bytes, and no answer is longer than was allowed.
    """
    messages = request["messages"]
    texts = [
        block["text"] for block in (*request.get("system", ()), *(one for each in messages for one in each["content"]))
    ]
    tokens = sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)
    tokens += _TEMPLATE_TOKENS + _MESSAGE_TOKENS * (len(messages) + 1)
    cost = price(model.provider, model.id, Usage(input=tokens, output=max_tokens))
    return None if cost is None else cost.usd
