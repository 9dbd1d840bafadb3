"""What the code around a call says about it: scopes that nest, in context variables."""

import sys
import threading
import weakref
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, NamedTuple

from ddllm.call import Action, Call
from ddllm.instrument import guard
from ddllm.instrument.report import spans


class Scope(NamedTuple):
    """What the code around a call said about it; None where it said nothing. Immutable, merged when contexts nest."""

    feature: str | None = None
    action: str | None = None
    prompt_template: str | None = None
    prompt_version: str | None = None
    expects: Any = None
    conversation: str | None = None
    comparison: str | None = None


_Place = tuple[int, "weakref.ref[Any] | None"]


def _place() -> _Place:
    """Return where this runs: the thread, and the task, None without one."""
    # Nothing is imported for it; and another thread may be importing it just now.
    asyncio = sys.modules.get("asyncio")
    running = getattr(asyncio, "_get_running_loop", None)
    loop = None if running is None else running()
    task = None if loop is None else asyncio.current_task(loop)  # type: ignore[union-attr]  # there is a loop
    return threading.get_ident(), None if task is None else weakref.ref(task)


class Frame:
    """A scope that holds now, and the one that held before it: leaving is going back, whoever shares the context object.

    `actions` are the users' actions that are under way, from the outside in; `own` is the one that began with this frame.
    `last` is the last call inside, whichever thread or task made it, `place` who entered the frame. `entered` ends when the frame is left, which a generator may do
    in another context than it entered it in, or after a frame that was entered later.
    """

    __slots__ = ("actions", "entered", "last", "outer", "own", "place", "scope", "undo")

    def __init__(
        self,
        scope: Scope,
        outer: "Frame | None",
        own: Action | None = None,
        undo: Callable[[], None] | None = None,
    ) -> None:
        self.scope = scope
        self.outer = outer
        self.own = own
        self.undo = undo
        around = () if outer is None else outer.actions
        self.actions: tuple[Action, ...] = around if own is None else (*around, own)
        self.last: Call | None = None
        self.place = _place()
        self.entered = True

    def __repr__(self) -> str:
        return f"Frame({self.scope}, {'entered' if self.entered else 'left'})"

    def inside(self, other: "Frame | None") -> bool:
        """Tell whether this frame is that one, or was entered inside it."""
        frame: Frame | None = self
        while frame is not None and frame is not other:
            frame = frame.outer
        return frame is not None


#: What `ddllm.context` says, and what LLM Observability's annotations say. The first goes before the second.
EXPLICIT: ContextVar[Frame | None] = ContextVar("ddllm_context", default=None)
ANNOTATED: ContextVar[Frame | None] = ContextVar("ddllm_annotation", default=None)


class _Last(threading.local):
    """The last call that began in this thread, and the task and the frame in which it did.

    No context variable: an application's contexts, which every task copies, are left as they are.
    """

    began: "tuple[Call | None, _Place | None, Frame | None]" = (None, None, None)


_last = _Last()


#: Shows a feature to others while its scope holds, and returns how to take that back; None unless baggage was asked for.
_mirror: Callable[[str], Callable[[], None]] | None = None


def current() -> tuple[Scope | None, Scope | None]:
    """Return the explicit scope and the annotated one, as they are now."""
    explicit = EXPLICIT.get()
    annotated = ANNOTATED.get()
    return explicit.scope if explicit else None, annotated.scope if annotated else None


def attach(call: Call) -> None:
    """Let a call that begins now be what the scopes around it say, a part of the actions under way, and the last one."""
    frame = EXPLICIT.get()
    annotated = ANNOTATED.get()
    _last.began = call, _place(), frame
    if frame is None:
        call.scope = (None, annotated and annotated.scope)
        return
    call.scope = (frame.scope, annotated and annotated.scope)
    if frame.actions:
        call.actions = frame.actions
        for action in frame.actions:
            if action.ended is None:
                action.begun.append(None)
            else:
                call.actions = tuple(one for one in call.actions if one is not action)
                call.late_for += 1
    around: Frame | None = frame
    while around is not None:
        around.last = call
        around = around.outer


def last() -> Call | None:
    """Return the last call that began here, or inside the context that holds here; None without one.

    Where a context holds, what was called before it, or beside it, is not the last call here; nor, in a thread or task that was
    started inside it, what its siblings called. Where none holds, neither is what another task called, nor what this thread
    called for another request.
    """
    place = _place()
    call, where, within = _last.began
    here = call if where == place else None
    frame = EXPLICIT.get()
    if frame is None:
        root = None if here is None else spans.root()
        return here if here is None or root is None or here.root is root else None
    if here is not None and frame.place != place and within is not None and within.inside(frame):
        return here
    return frame.last


def forget_last() -> None:
    """Know of no last call in this thread: it begins with somebody else's work."""
    _last.began = None, None, None


def mirror_to(mirror: Callable[[str], Callable[[], None]] | None) -> None:
    """Show every feature that `ddllm.context` names to `mirror` as well; it returns what undoes that. None ends it."""
    global _mirror  # noqa: PLW0603 - one setting of the process
    _mirror = mirror


def enter(variable: ContextVar[Frame | None], scope: Scope, action: Action | None = None) -> Frame:
    """Let a scope hold, merged into the one that holds; `action` is one that is under way as long as it does."""
    outer = variable.get()
    undo = None
    if _mirror is not None and scope.feature and variable is EXPLICIT:
        try:
            undo = _mirror(scope.feature)
        except Exception:  # noqa: BLE001 - counted; the scope holds without it
            guard.caught("attribution.mirror")
    if outer is not None:
        scope = Scope(*(new if new is not None else old for old, new in zip(outer.scope, scope, strict=True)))
    frame = Frame(scope, outer, action, undo)
    variable.set(frame)
    return frame


def enter_nothing(variable: ContextVar[Frame | None]) -> Frame:
    """Hold an empty scope where one could not be entered, because leaving takes one away."""
    frame = Frame(Scope(), variable.get())
    variable.set(frame)
    return frame


def leave(variable: ContextVar[Frame | None], frame: Frame | None) -> None:
    """Leave a frame: what held before it holds again, where it still holds."""
    if frame is None or not frame.entered:
        return
    frame.entered = False
    if variable.get() is frame:
        outer = frame.outer
        while outer is not None and not outer.entered:
            outer = outer.outer
        variable.set(outer)
    if frame.undo is not None:
        frame.undo()


def take(entered: list[Frame], variable: ContextVar[Frame | None]) -> Frame | None:
    """Take the frame that is being left out of those that one context manager entered.

    Several threads may share it, and it may be entered again inside itself: it is the frame that holds, or the last one, where a
    generator goes on in another context.
    """
    holding = variable.get()
    for at in range(len(entered) - 1, -1, -1):
        if entered[at] is holding:
            return entered.pop(at)
    return entered.pop() if entered else None
