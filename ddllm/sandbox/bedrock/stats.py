"""What the simulator did, counted."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from ddllm.sandbox.bedrock.reply import Usage


@dataclass(slots=True)
class Stats:
    """Counts since the start.

    requests        by operation
    statuses        answers by HTTP status
    faults          broken streams by kind
    abandoned       streams that the client left before their end
    open            answers that are under way now
    tokens          by model id, then by kind, of answers that were sent to their end
    """

    requests: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    abandoned: int = 0
    open: int = 0
    tokens: dict[str, Counter[str]] = field(default_factory=dict)

    def count(self, model_id: str, usage: Usage) -> None:
        """Count the tokens of one whole answer."""
        self.tokens.setdefault(model_id, Counter()).update(
            input=usage.input, output=usage.output, cache_read=usage.cache_read, cache_write=usage.cache_write
        )

    def as_json(self) -> dict[str, Any]:
        """Return the same for JSON."""
        return {
            "requests": dict(self.requests),
            "statuses": {str(status): count for status, count in self.statuses.items()},
            "faults": dict(self.faults),
            "abandoned": self.abandoned,
            "open": self.open,
            "tokens": {model_id: dict(counts) for model_id, counts in self.tokens.items()},
        }
