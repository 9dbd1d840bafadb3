"""Decorating functions, coroutine functions and generators of either kind, so that their bodies run inside a context manager."""

import functools
import inspect
from collections.abc import Callable
from types import TracebackType
from typing import Any, Protocol, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


class Held(Protocol):
    """A context manager that may be entered again and again."""

    def __enter__(self) -> Any:
        """Enter."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave; nothing is suppressed."""


class Steps(Held, Protocol):
    """The same for the steps of one run of a generator."""

    def end(self, error: type[BaseException] | None) -> None:
        """End the run, with the kind of exception that ended it."""


def decorate(function: F, held: Held, steps: Callable[[], Steps]) -> F:
    """Run a function of any kind inside what `held` holds; `steps` makes the same for the steps of one run of a generator."""
    wrapper: Any
    if inspect.iscoroutinefunction(function):
        wrapper = _decorate_coroutine(function, held)
    elif inspect.isasyncgenfunction(function):
        wrapper = _decorate_async_generator(function, steps)
    elif inspect.isgeneratorfunction(function):
        wrapper = _decorate_generator(function, steps)
    else:
        wrapper = _decorate_function(function, held)
    return functools.wraps(function)(wrapper)  # type: ignore[return-value]  # wraps tells nothing of F


def _decorate_function(function: Callable[..., Any], held: Held) -> Callable[..., Any]:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        with held:
            return function(*args, **kwargs)

    return wrapper


def _decorate_coroutine(function: Callable[..., Any], held: Held) -> Callable[..., Any]:
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        with held:
            return await function(*args, **kwargs)

    return wrapper


def _decorate_generator(function: Callable[..., Any], new_run: Callable[[], Steps]) -> Callable[..., Any]:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        steps = function(*args, **kwargs)
        held = new_run()
        ending: type[BaseException] | None = None
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
        except BaseException as error:
            ending = type(error)
            raise
        finally:
            sent = None  # an exception that was thrown in holds this frame, which must not hold it in turn
            try:
                with held:
                    steps.close()
            finally:
                held.end(ending)

    return wrapper


def _decorate_async_generator(function: Callable[..., Any], new_run: Callable[[], Steps]) -> Callable[..., Any]:
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        steps = function(*args, **kwargs)
        held = new_run()
        ending: type[BaseException] | None = None
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
        except BaseException as error:
            ending = type(error)
            raise
        finally:
            sent = None  # as above
            try:
                with held:
                    await steps.aclose()
            finally:
                held.end(ending)

    return wrapper
