"""Who made a call and why, as the application says it: `ddllm.context(...)` and LLM Observability's annotations."""

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager
from contextvars import ContextVar
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeVar

import wrapt

from ddllm.instrument import guard

F = TypeVar("F", bound=Callable[..., Any])


class Scope(NamedTuple):
    """What the code around a call said about it; None where it said nothing. Immutable, merged when contexts nest."""

    feature: str | None = None
    action: str | None = None
    prompt_template: str | None = None
    prompt_version: str | None = None
    expects: Any = None
    conversation: str | None = None
    comparison: str | None = None


class _Frame(NamedTuple):
    """A scope that holds now, and the one that held before it: leaving is going back, whoever shares the context object."""

    scope: Scope
    outer: "_Frame | None"


#: What `ddllm.context` says, and what LLM Observability's annotations say. The first goes before the second.
_explicit: ContextVar[_Frame | None] = ContextVar("ddllm_context", default=None)
_annotated: ContextVar[_Frame | None] = ContextVar("ddllm_annotation", default=None)

#: Called with every scope that `ddllm.context` enters; None unless baggage was asked for.
_mirror: Callable[[Scope], None] | None = None


def current() -> tuple[Scope | None, Scope | None]:
    """Return the explicit scope and the annotated one, as they are for a call made now."""
    explicit = _explicit.get()
    annotated = _annotated.get()
    return explicit and explicit.scope, annotated and annotated.scope


def mirror_to(mirror: Callable[[Scope], None] | None) -> None:
    """Show every scope that is entered to `mirror` as well; None ends it."""
    global _mirror  # noqa: PLW0603 - one setting of the process
    _mirror = mirror


def _enter(variable: ContextVar[_Frame | None], scope: Scope) -> None:
    outer = variable.get()
    if outer is not None:
        scope = Scope(*(new if new is not None else old for old, new in zip(outer.scope, scope, strict=True)))
    variable.set(_Frame(scope, outer))
    if _mirror is not None and variable is _explicit:
        _mirror(scope)


def _leave(variable: ContextVar[_Frame | None]) -> None:
    frame = variable.get()
    if frame is not None:  # None where a generator was resumed in another context than it was left in
        variable.set(frame.outer)


@contextmanager
def _active(variable: ContextVar[_Frame | None], scope: Scope) -> Iterator[None]:
    _enter(variable, scope)
    try:
        yield
    finally:
        _leave(variable)


class context:  # noqa: N801 - used like contextlib's own
    """Say what the calls inside are for; use it as `with`, `async with`, or as a decorator of a function.

    Every argument is optional; an inner context goes before an outer one, argument by argument. It holds for the current
    thread or task and what it starts: tasks, `asyncio.to_thread`, and the threads of a `concurrent.futures` pool.

    feature          the part of the product: the `feature` tag of every metric
    action           the user's action
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
        carry_into_threads()

    def __enter__(self) -> Self:
        _enter(_explicit, self._scope)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _leave(_explicit)

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)

    def __call__(self, function: F) -> F:
        """Decorate a function, a coroutine function, or a generator of either kind: its body runs inside the context."""
        return _decorate(function, self._scope)


def _decorate(function: F, scope: Scope) -> F:
    wrapper: Any
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def wrapper(*args: Any, **kwargs: Any) -> Any:
            with _active(_explicit, scope):
                return await function(*args, **kwargs)

    elif inspect.isasyncgenfunction(function):

        @functools.wraps(function)
        async def wrapper(*args: Any, **kwargs: Any) -> Any:
            async with aclosing(function(*args, **kwargs)) as generator:
                while True:
                    with _active(_explicit, scope):
                        try:
                            item = await anext(generator)
                        except StopAsyncIteration:
                            return
                    yield item

    elif inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return (yield from _Steps(function(*args, **kwargs), scope))

    else:

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            with _active(_explicit, scope):
                return function(*args, **kwargs)

    return wrapper  # type: ignore[no-any-return]


class _Steps:
    """A generator whose every step runs inside a scope; between its steps the consumer's own context holds."""

    def __init__(self, generator: Any, scope: Scope) -> None:
        self._generator = generator
        self._scope = scope

    def __iter__(self) -> "_Steps":
        return self

    def __next__(self) -> Any:
        return self.send(None)

    def send(self, value: Any) -> Any:
        with _active(_explicit, self._scope):
            return self._generator.send(value)

    def throw(self, *error: Any) -> Any:
        with _active(_explicit, self._scope):
            return self._generator.throw(*error)

    def close(self) -> None:
        with _active(_explicit, self._scope):
            self._generator.close()


_carrying = False


def carry_into_threads() -> None:
    """Let the pools of concurrent.futures carry the scope into their threads, as ddtrace lets them carry its trace.

    A pool's threads do not inherit context variables. Done once, when the application first uses `ddllm.context`.
    """
    global _carrying  # noqa: PLW0603 - once a process
    if _carrying:
        return
    _carrying = True
    try:
        wrapt.wrap_function_wrapper("concurrent.futures", "ThreadPoolExecutor.submit", _submit)
    except Exception:  # noqa: BLE001 - counted; without it, threads fall back on the trace
        guard.caught("attribution.threads")


def _submit(wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:  # noqa: ARG001 - wrapt's signature
    frames = _explicit.get(), _annotated.get()
    if not args or frames == (None, None):
        return wrapped(*args, **kwargs)
    return wrapped(_run_inside, frames, *args, **kwargs)


def _run_inside(
    frames: tuple[_Frame | None, _Frame | None], function: Callable[..., Any], /, *args: Any, **kwargs: Any
) -> Any:
    tokens = _explicit.set(frames[0]), _annotated.set(frames[1])
    try:
        return function(*args, **kwargs)
    finally:
        _explicit.reset(tokens[0])
        _annotated.reset(tokens[1])


def watch_annotations(llmobs: Any) -> None:
    """Follow `LLMObs.annotation_context`, so that prompts and tags named for LLM Observability count here too."""
    try:
        wrapt.wrap_function_wrapper(llmobs, "LLMObs.annotation_context", _annotation_context)
    except Exception:  # noqa: BLE001 - counted; the application's annotations still reach LLM Observability
        guard.caught("attribution.llmobs")


def _annotation_context(
    wrapped: Callable[..., Any],
    instance: Any,  # noqa: ARG001 - wrapt's signature
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    result = wrapped(*args, **kwargs)
    try:
        scope = _annotated_scope(*args, **kwargs)
        return _Annotation(result, scope) if any(scope) else result
    except Exception:  # noqa: BLE001 - counted
        guard.caught("attribution.annotation")
        return result


def _annotated_scope(tags: Any = None, prompt: Any = None, *_: Any, **__: Any) -> Scope:
    return Scope(
        feature=_text(tags, "feature"),
        prompt_template=_text(prompt, "id") or _text(prompt, "name"),
        prompt_version=_text(prompt, "version"),
    )


def _text(source: Any, name: str) -> str | None:
    get = getattr(source, "get", None)
    value = get(name) if get else getattr(source, name, None)
    return None if value is None else str(value)


class _Annotation(wrapt.ObjectProxy):  # type: ignore[type-arg]
    """ddtrace's annotation context, which also holds our scope between its enter and exit."""

    def __init__(self, wrapped: Any, scope: Scope) -> None:
        super().__init__(wrapped)
        self._self_scope = scope

    def __enter__(self) -> Any:
        _enter(_annotated, self._self_scope)
        return self.__wrapped__.__enter__()

    def __exit__(self, *error: object) -> Any:
        _leave(_annotated)
        return self.__wrapped__.__exit__(*error)

    async def __aenter__(self) -> Any:
        _enter(_annotated, self._self_scope)
        return await self.__wrapped__.__aenter__()

    async def __aexit__(self, *error: object) -> Any:
        _leave(_annotated)
        return await self.__wrapped__.__aexit__(*error)
