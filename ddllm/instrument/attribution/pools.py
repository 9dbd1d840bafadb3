"""Scopes and root spans follow the work that is given to the threads of a pool."""

from collections.abc import Callable
from typing import Any

import wrapt

from ddllm.instrument import guard
from ddllm.instrument.attribution.frames import ANNOTATED, EXPLICIT, Frame, forget_last
from ddllm.instrument.report import spans

_following = False


def follow_threads() -> None:
    """Let the pools of concurrent.futures carry scope and root span into their threads, as ddtrace carries its trace's context.

    A pool's threads do not inherit context variables. Nothing is imported for it.
    """
    global _following  # noqa: PLW0603 - once a process
    if not _following:
        _following = True
        wrapt.when_imported("concurrent.futures.thread")(_follow_pools)


def _follow_pools(module: Any) -> None:
    try:
        wrapt.wrap_function_wrapper(module, "ThreadPoolExecutor.submit", _submit)
    except Exception:  # noqa: BLE001 - counted
        guard.caught("attribution.threads")


def _submit(wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:  # noqa: ARG001 - wrapt's signature
    try:
        explicit, annotated, root = EXPLICIT.get(), ANNOTATED.get(), spans.root()
        if args and not (explicit is None and annotated is None and root is None):
            args = (_run_inside, explicit, annotated, root, *args)
    except Exception:  # noqa: BLE001 - counted
        guard.caught("attribution.submit")
    return wrapped(*args, **kwargs)


def _run_inside(
    explicit: Frame | None,
    annotated: Frame | None,
    root: Any,
    function: Callable[..., Any],
    /,
    *args: Any,
    **kwargs: Any,
) -> Any:
    tokens = EXPLICIT.set(explicit), ANNOTATED.set(annotated)
    inherited = None
    try:
        forget_last()
        inherited = spans.inherit(root)
    except Exception:  # noqa: BLE001 - counted
        guard.caught("attribution.inherit")
    try:
        return function(*args, **kwargs)
    finally:
        EXPLICIT.reset(tokens[0])
        ANNOTATED.reset(tokens[1])
        try:
            if inherited is not None:
                spans.disinherit(inherited)
        except Exception:  # noqa: BLE001 - counted
            guard.caught("attribution.inherit")
