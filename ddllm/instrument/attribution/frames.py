"""What the code around a call says about it: scopes that nest, in context variables."""

import sys
import threading
import weakref
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, NamedTuple

from ddllm.call import Action, Call
from ddllm.instrument import guard


class Scope(NamedTuple):
    """What the code around a call said about it; None where it said nothing. Immutable, merged when contexts nest."""

    feature: str | None = None
    action: str | None = None
    prompt_template: str | None = None
    prompt_version: str | None = None
    expects: Any = None
    conversation: str | None = None
    comparison: str | None = None


class Frame(NamedTuple):
    """A scope that holds now, and the one that held before it: leaving is going back, whoever shares the context object.

    `last` holds the last call inside, whichever thread or task made it; the frames around share it. `actions` are the users'
    actions that are under way, from the outside in; `own` is the one that began with this frame.
    """

    scope: Scope
    outer: "Frame | None"
    last: list[Call]
    actions: tuple[Action, ...] = ()
    own: Action | None = None
    undo: Callable[[], None] | None = None


#: What `ddllm.context` says, and what LLM Observability's annotations say. The first goes before the second.
EXPLICIT: ContextVar[Frame | None] = ContextVar("ddllm_context", default=None)
ANNOTATED: ContextVar[Frame | None] = ContextVar("ddllm_annotation", default=None)


class _Last(threading.local):
    """The last call that began in this thread, and the task that made it. No context variable: an application's contexts, which
    every task copies, are left as they are."""  # noqa: D205, D209 - one sentence

    call: Call | None = None
    task: "weakref.ref[Any] | None" = None


_last = _Last()


def _task() -> Any:
    """Return the task that runs in this thread, None without one."""
    asyncio = sys.modules.get("asyncio")
    loop = None if asyncio is None else asyncio._get_running_loop()  # noqa: SLF001 - one of its public names
    return None if loop is None else asyncio.current_task(loop)  # type: ignore[union-attr]  # there is a loop


#: Shows a feature to others while its scope holds, and returns how to take that back; None unless baggage was asked for.
_mirror: Callable[[str], Callable[[], None]] | None = None


def current() -> tuple[Scope | None, Scope | None]:
    """Return the explicit scope and the annotated one, as they are now."""
    explicit = EXPLICIT.get()
    annotated = ANNOTATED.get()
    return explicit and explicit.scope, annotated and annotated.scope


def attach(call: Call) -> None:
    """Let a call that begins now be what the scopes around it say, a part of the actions under way, and the last one."""
    frame = EXPLICIT.get()
    annotated = ANNOTATED.get()
    task = _task()
    _last.call, _last.task = call, None if task is None else weakref.ref(task)
    if frame is None:
        call.scope = (None, annotated and annotated.scope)
        return
    call.scope = (frame.scope, annotated and annotated.scope)
    frame.last[:] = [call]
    if frame.actions:
        call.actions = frame.actions
        for action in frame.actions:
            action.begun.append(None)


def last() -> Call | None:
    """Return the last call that began here, or inside the context that holds here; None without one."""
    here = _last.call
    if here is not None and (_last.task and _last.task()) is not _task():
        here = None  # another task's
    frame = EXPLICIT.get()
    if frame is None or not frame.last:
        return here
    inside = frame.last[0]
    return inside if here is None or inside.started > here.started else here


def mirror_to(mirror: Callable[[str], Callable[[], None]] | None) -> None:
    """Show every feature that `ddllm.context` names to `mirror` as well; it returns what undoes that. None ends it."""
    global _mirror  # noqa: PLW0603 - one setting of the process
    _mirror = mirror


def enter(variable: ContextVar[Frame | None], scope: Scope, action: Action | None = None) -> None:
    """Let a scope hold, merged into the one that holds; `action` is one that is under way as long as it does."""
    outer = variable.get()
    undo = None
    if _mirror is not None and scope.feature and variable is EXPLICIT:
        try:
            undo = _mirror(scope.feature)
        except Exception:  # noqa: BLE001 - counted; the scope holds without it
            guard.caught("attribution.mirror")
    actions: tuple[Action, ...] = ()
    last: list[Call] = []
    if outer is not None:
        scope = Scope(*(new if new is not None else old for old, new in zip(outer.scope, scope, strict=True)))
        actions, last = outer.actions, outer.last
    if action is not None:
        actions = (*actions, action)
    variable.set(Frame(scope, outer, last, actions, action, undo))


def enter_nothing(variable: ContextVar[Frame | None]) -> None:
    """Hold an empty scope where one could not be entered, because leaving takes one away."""
    variable.set(Frame(Scope(), variable.get(), []))


def leave(variable: ContextVar[Frame | None]) -> Frame | None:
    """Go back to the scope that held before, and return what held until now."""
    frame = variable.get()
    if frame is not None:  # None where a generator was resumed in another context than it was left in
        variable.set(frame.outer)
        if frame.undo is not None:
            frame.undo()
    return frame
