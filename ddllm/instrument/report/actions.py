"""User actions that are over, until all of their calls are reported: what they took, added up."""

from collections.abc import Callable

from ddllm import catalog
from ddllm.call import Action
from ddllm.instrument.report.lines import Lines
from ddllm.pricing import Cost

#: Seconds for which an action waits for calls that are still being read, and how many wait at most.
WAIT = 600.0
MOST_WAITING = 1_000

#: Counts what could not be measured, by reason.
Drop = Callable[[str], None]


class Actions:
    """Sums of calls by action. `now` are seconds of a clock that never goes back."""

    def __init__(self, lines: Callable[[Action], Lines], drop: Drop) -> None:
        self._lines = lines
        self._drop = drop
        self._waiting: dict[int, tuple[Action, float]] = {}

    def __repr__(self) -> str:
        return f"Actions({len(self._waiting)} waiting)"

    def add(self, actions: tuple[Action, ...], cost: Cost | None, *, priced: bool) -> None:
        """Add one reported call to its actions. `priced`: it has a cost, or used nothing that costs."""
        for action in actions:
            action.reported += 1
            if cost is not None:
                action.usd += cost.usd
            elif not priced:
                action.unpriced += 1
            if id(action) in self._waiting and action.reported >= len(action.begun):
                del self._waiting[id(action)]
                self._emit(action)

    def end(self, action: Action, now: float) -> None:
        """Take an action that is over."""
        if action.reported >= len(action.begun):
            self._emit(action)
            return
        if len(self._waiting) >= MOST_WAITING:
            self._give_up(next(iter(self._waiting)))
        self._waiting[id(action)] = action, now

    def settle(self, now: float) -> None:
        """Report what has waited too long, by what is known of it."""
        for key in [key for key, (_, since) in self._waiting.items() if now - since > WAIT]:
            self._give_up(key)

    def close(self) -> None:
        """Report all that waits: the process ends."""
        for key in list(self._waiting):
            self._give_up(key)

    def _give_up(self, key: int) -> None:
        action, _ = self._waiting.pop(key)
        self._emit(action)

    def _emit(self, action: Action) -> None:
        lines = self._lines(action)
        lines.add(catalog.ACTION_COMPLETED, 1)
        lines.add(catalog.ACTION_DURATION, max(0.0, (action.ended or action.started) - action.started))
        lines.add(catalog.ACTION_CALLS, len(action.begun))
        # A sum that lacks a part is no cost: it would look like a cheap action.
        if action.reported < len(action.begun):
            self._drop("action_calls_lost")
        elif action.unpriced:
            self._drop("action_unpriced")
        else:
            lines.add(catalog.ACTION_COST, action.usd)
