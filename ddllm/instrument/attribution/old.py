"""Who made a call and why, as the application says it: `ddllm.context(...)` and LLM Observability's annotations."""

import functools
import inspect
from collections.abc import Callable
from contextvars import ContextVar
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeVar

import wrapt

from ddllm.instrument import guard
from ddllm.instrument.report import spans

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
    undo: Callable[[], None] | None = None


#: What `ddllm.context` says, and what LLM Observability's annotations say. The first goes before the second.
_explicit: ContextVar[_Frame | None] = ContextVar("ddllm_context", default=None)
_annotated: ContextVar[_Frame | None] = ContextVar("ddllm_annotation", default=None)

#: Shows a feature to others while its scope holds, and returns how to take that back; None unless baggage was asked for.
_mirror: Callable[[str], Callable[[], None]] | None = None


def current() -> tuple[Scope | None, Scope | None]:
    """Return the explicit scope and the annotated one, as they are for a call made now."""
    explicit = _explicit.get()
    annotated = _annotated.get()
    return explicit and explicit.scope, annotated and annotated.scope


def mirror_to(mirror: Callable[[str], Callable[[], None]] | None) -> None:
    """Show every feature that `ddllm.context` names to `mirror` as well; it returns what undoes that. None ends it."""
    global _mirror  # noqa: PLW0603 - one setting of the process
    _mirror = mirror


def _enter(variable: ContextVar[_Frame | None], scope: Scope) -> None:
    outer = variable.get()
    undo = None
    if _mirror is not None and scope.feature and variable is _explicit:
        try:
            undo = _mirror(scope.feature)
        except Exception:  # noqa: BLE001 - counted; the scope holds without it
            guard.caught("attribution.mirror")
    if outer is not None:
        scope = Scope(*(new if new is not None else old for old, new in zip(outer.scope, scope, strict=True)))
    variable.set(_Frame(scope, outer, undo))


def _enter_nothing(variable: ContextVar[_Frame | None]) -> None:
    """Hold an empty scope where one could not be entered, because leaving takes one away."""
    variable.set(_Frame(Scope(), variable.get()))


def _leave(variable: ContextVar[_Frame | None]) -> None:
    frame = variable.get()
    if frame is not None:  # None where a generator was resumed in another context than it was left in
        variable.set(frame.outer)
        if frame.undo is not None:
            frame.undo()


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

    def __enter__(self) -> Self:
        try:
            _enter(_explicit, self._scope)
        except Exception:  # noqa: BLE001 - counted
            guard.caught("attribution.enter")
            _enter_nothing(_explicit)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            _leave(_explicit)
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
            return _decorate(function, self)
        except Exception:  # noqa: BLE001 - counted
            guard.caught("attribution.decorate")
            return function


def _decorate(function: F, held: context) -> F:
    decorate: Callable[[Any, context], Any]
    if inspect.iscoroutinefunction(function):
        decorate = _decorate_coroutine
    elif inspect.isasyncgenfunction(function):
        decorate = _decorate_async_generator
    elif inspect.isgeneratorfunction(function):
        decorate = _decorate_generator
    else:
        decorate = _decorate_function
    return functools.wraps(function)(decorate(function, held))  # type: ignore[return-value]  # wraps tells nothing of F


def _decorate_function(function: Callable[..., Any], held: context) -> Callable[..., Any]:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        with held:
            return function(*args, **kwargs)

    return wrapper


def _decorate_coroutine(function: Callable[..., Any], held: context) -> Callable[..., Any]:
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        with held:
            return await function(*args, **kwargs)

    return wrapper


def _decorate_generator(function: Callable[..., Any], held: context) -> Callable[..., Any]:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        steps = function(*args, **kwargs)
        step, sent = steps.send, None
        try:
            while True:
                with held:
                    item = step(sent)
                try:
                    step, sent = steps.send, (yield item)
                except GeneratorExit:
                    raise
                except BaseException as error:  # noqa: BLE001 - the generator's own affair
                    step, sent = steps.throw, error
        except StopIteration as end:
            return end.value
        finally:
            sent = None  # an exception that was thrown in holds this frame, which must not hold it in turn
            with held:
                steps.close()

    return wrapper


def _decorate_async_generator(function: Callable[..., Any], held: context) -> Callable[..., Any]:
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        steps = function(*args, **kwargs)
        step, sent = steps.asend, None
        try:
            while True:
                with held:
                    item = await step(sent)
                try:
                    step, sent = steps.asend, (yield item)
                except GeneratorExit:
                    raise
                except BaseException as error:  # noqa: BLE001 - the generator's own affair
                    step, sent = steps.athrow, error
        except StopAsyncIteration:
            return
        finally:
            sent = None  # as above
            with held:
                await steps.aclose()

    return wrapper


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
        explicit, annotated, root = _explicit.get(), _annotated.get(), spans.root()
        if args and not (explicit is None and annotated is None and root is None):
            args = (_run_inside, explicit, annotated, root, *args)
    except Exception:  # noqa: BLE001 - counted
        guard.caught("attribution.submit")
    return wrapped(*args, **kwargs)


def _run_inside(
    explicit: _Frame | None,
    annotated: _Frame | None,
    root: Any,
    function: Callable[..., Any],
    /,
    *args: Any,
    **kwargs: Any,
) -> Any:
    tokens = _explicit.set(explicit), _annotated.set(annotated)
    inherited = None
    try:
        inherited = spans.inherit(root)
    except Exception:  # noqa: BLE001 - counted
        guard.caught("attribution.inherit")
    try:
        return function(*args, **kwargs)
    finally:
        _explicit.reset(tokens[0])
        _annotated.reset(tokens[1])
        try:
            if inherited is not None:
                spans.disinherit(inherited)
        except Exception:  # noqa: BLE001 - counted
            guard.caught("attribution.inherit")


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
        entered = self.__wrapped__.__enter__()
        try:
            _enter(_annotated, self._self_scope)
        except Exception:  # noqa: BLE001 - counted
            guard.caught("attribution.annotated")
            _enter_nothing(_annotated)
        return entered

    def __exit__(self, *error: object) -> Any:
        try:
            _leave(_annotated)
        except Exception:  # noqa: BLE001 - counted
            guard.caught("attribution.annotated")
        return self.__wrapped__.__exit__(*error)

    async def __aenter__(self) -> Any:
        entered = await self.__wrapped__.__aenter__()
        try:
            _enter(_annotated, self._self_scope)
        except Exception:  # noqa: BLE001 - counted
            guard.caught("attribution.annotated")
            _enter_nothing(_annotated)
        return entered

    async def __aexit__(self, *error: object) -> Any:
        try:
            _leave(_annotated)
        except Exception:  # noqa: BLE001 - counted
            guard.caught("attribution.annotated")
        return await self.__wrapped__.__aexit__(*error)
