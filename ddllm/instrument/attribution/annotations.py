"""Prompts and features that are named for LLM Observability count here too."""

from collections.abc import Callable
from typing import Any

import wrapt

from ddllm.instrument import guard
from ddllm.instrument.attribution.frames import ANNOTATED, Frame, Scope, enter, enter_nothing, leave, take


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
        self._self_entered: list[Frame] = []

    def __enter__(self) -> Any:
        entered = self.__wrapped__.__enter__()
        try:
            self._self_entered.append(enter(ANNOTATED, self._self_scope))
        except Exception:  # noqa: BLE001 - counted
            guard.caught("attribution.annotated")
            self._self_entered.append(enter_nothing(ANNOTATED))
        return entered

    def __exit__(self, *error: object) -> Any:
        try:
            leave(ANNOTATED, take(self._self_entered, ANNOTATED))
        except Exception:  # noqa: BLE001 - counted
            guard.caught("attribution.annotated")
        return self.__wrapped__.__exit__(*error)

    async def __aenter__(self) -> Any:
        entered = await self.__wrapped__.__aenter__()
        try:
            self._self_entered.append(enter(ANNOTATED, self._self_scope))
        except Exception:  # noqa: BLE001 - counted
            guard.caught("attribution.annotated")
            self._self_entered.append(enter_nothing(ANNOTATED))
        return entered

    async def __aexit__(self, *error: object) -> Any:
        try:
            leave(ANNOTATED, take(self._self_entered, ANNOTATED))
        except Exception:  # noqa: BLE001 - counted
            guard.caught("attribution.annotated")
        return await self.__wrapped__.__aexit__(*error)
