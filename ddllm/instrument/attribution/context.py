"""`ddllm.context(...)` and `ddllm.action(...)`: what the code around a call says about it."""

from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TypeVar, overload

from ddllm.call import Action
from ddllm.instrument import guard
from ddllm.instrument.attribution import actions
from ddllm.instrument.attribution.decorate import decorate
from ddllm.instrument.attribution.frames import EXPLICIT, Frame, Scope, enter, enter_nothing, leave, take

F = TypeVar("F", bound=Callable[..., Any])


class _Holder:
    """Holds a scope while it is entered, and the action that it begins. Whatever fails, leaving takes away what entering put there."""

    _scope: Scope
    _entered: list[Frame]

    def _begin(self) -> Action | None:
        return actions.begin(self._scope)

    def __enter__(self) -> Self:
        action = None
        try:
            action = self._begin()
            self._entered.append(enter(EXPLICIT, self._scope, action))
        except Exception:  # noqa: BLE001 - counted
            guard.caught("attribution.enter")
            self._entered.append(enter_nothing(EXPLICIT))
            return self
        try:
            if action is not None and action.scope is None:
                actions.locate(action)
        except Exception:  # noqa: BLE001 - counted; its feature is the service
            guard.caught("attribution.locate")
        return self


class context(_Holder):  # noqa: N801 - used like contextlib's own
    """Say what the calls inside are for; use it as `with`, `async with`, or as a decorator of a function.

    Every argument is optional; an inner context goes before an outer one, argument by argument. It holds for the current
    thread or task and what it starts: tasks, `asyncio.to_thread`, and the threads of a `concurrent.futures` pool.

    feature          the part of the product: the `feature` tag of every metric
    action           the user's action that takes the calls inside: their sum is reported when the context ends, as by `ddllm.action`
    prompt_template  the prompt template's name, and
    prompt_version   its version: tags of the counts
    expects          the format that the answer is expected to have
    conversation     an id by which repeated questions are recognised; it never becomes a tag
    comparison       the comparison that the calls belong to
    """

    def __init__(
        self,
        *,
        feature: str | None = None,
        action: str | None = None,
        prompt_template: str | None = None,
        prompt_version: str | None = None,
        expects: Any = None,
        conversation: str | None = None,
        comparison: str | None = None,
    ) -> None:
        self._scope = Scope(feature, action, prompt_template, prompt_version, expects, conversation, comparison)
        self._entered = []

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            frame = take(self._entered, EXPLICIT)
            leave(EXPLICIT, frame)
            if frame is not None:
                actions.finish(frame.own, kind)
        except Exception:  # noqa: BLE001 - counted
            guard.caught("attribution.leave")

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)

    def __call__(self, function: F) -> F:
        """Decorate a function, a coroutine function, or a generator of either kind: its body runs inside the context.

        Of a generator, each step does: between its steps the consumer's own context holds.
        """
        try:
            return decorate(function, self, lambda: _Steps(self._scope))
        except Exception:  # noqa: BLE001 - counted
            guard.caught("attribution.decorate")
            return function


@overload
def action(name: str, *, feature: str | None = None) -> context: ...


@overload
def action(name: F) -> F: ...


def action(name: Any, *, feature: str | None = None) -> Any:
    """Say that the calls inside are what one action of a user takes, however many they are.

    Use it as `ddllm.context`: `with`, `async with`, or a decorator of a function, a coroutine function or a generator. When it
    ends, `ddllm.action.cost`, `.duration` and `.calls` get one sample each: the sum of its calls, those made in pools and tasks that
    were started inside included, and those whose stream is read on when the action is over. An exception makes its status
    `error`; a generator that is closed early and a task that is cancelled make it `abandoned`. Actions nest; each sums all
    calls inside. Without a name (`@ddllm.action`) it is the function's own.
    """
    if callable(name):
        return context(action=getattr(name, "__name__", "action"), feature=feature)(name)
    return context(action=name, feature=feature)


class _Steps(_Holder):
    """The steps of one run of a generator: each holds the scope, and an action lasts from the first to the last of them."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._entered = []
        self._action: Action | None = None

    def _begin(self) -> Action | None:
        if self._action is None:
            self._action = actions.begin(self._scope)
        return self._action

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            leave(EXPLICIT, take(self._entered, EXPLICIT))
        except Exception:  # noqa: BLE001 - counted
            guard.caught("attribution.leave")

    def end(self, error: type[BaseException] | None) -> None:
        """End the run."""
        try:
            actions.finish(self._action, error)
        except Exception:  # noqa: BLE001 - counted
            guard.caught("attribution.leave")
