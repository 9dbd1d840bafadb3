"""Whether an answer kept its promised format, and the reason where it did not.

The rules, the first that fits deciding: nothing there (`empty`); valid as a whole (ok, or what it breaks); cut off
(`truncated`); for tools anything else (`tool_arguments`); valid inside of something (`wrapped`); `not_json`. docs/quality.md
says what to do about each.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ddllm.quality import expected as forms
from ddllm.quality import json_text, schemas
from ddllm.quality.expected import ToolArguments

#: Why an answer ended, as providers and the catalogue say it, where the limit of tokens was the reason. In lower case.
LENGTH = frozenset({
    "length",
    "max_tokens",
    "max_output_tokens",
    "model_context_window_exceeded",
    "model_length",
    "error_limit",
})  # fmt: skip
#: Nobody said why: the stream broke.
_UNKNOWN = frozenset({"", "unknown"})


class StructuredResult(NamedTuple):
    """Whether an answer kept its format; `reason` says how it did not (None where it did), `format` which one was expected."""

    ok: bool
    reason: str | None
    format: str


def check_structured(
    text: str, expected: Any, *, finish_reason: str | None = None, allow_wrapped: bool = False
) -> StructuredResult:
    """Check a text against an expected format. Never raises.

    `expected` is `"json"`, a JSON Schema (a mapping or its text), a pydantic model, a compiled pattern that has to match the
    whole text, a callable that tells or raises, or a mapping with `kind` (json, json_schema, regex, tool_arguments), `schema`
    and `allow_wrapped`. `finish_reason` is the provider's or the catalogue's word, None where it is not known. With
    `allow_wrapped` a value in a Markdown fence or in prose is judged as if it stood alone.

    Reasons: empty, schema, truncated, tool_arguments, wrapped, not_json. The format is `json` where a schema could not be
    used (it is broken, or refers to another address: nothing is fetched) and `text` where a pattern could not.
    """
    wanted = forms.read(expected)
    form = wanted.format
    text = text.strip() if isinstance(text, str) else ""
    if not text:
        if not isinstance(form, ToolArguments):
            return StructuredResult(ok=False, reason="empty", format=form.format)
        text = "{}"  # how providers stream a call without arguments
    verdict = form.judge(text)
    if verdict is None and (allow_wrapped or wanted.allow_wrapped):
        inside = form.unwrap(text)
        verdict = None if inside is None else form.judge(inside)
    if verdict is None:
        reason: str | None = _reason(text, form, finish_reason)
    else:
        reason = None if verdict else form.broken
    return StructuredResult(reason is None, reason, form.format)


def check_tool_arguments(
    calls: Iterable[tuple[str, Any]],
    schema_of: Mapping[str, Any] | None,
    *,
    finish_reason: str | None = None,
    forced: bool = False,
    text: str = "",
) -> StructuredResult | None:
    """Check all tool calls of one answer; None where it has none and needed none. Never raises.

    A call is the tool's name and its arguments, as text or parsed. `schema_of` has the offered tools (a schema of None:
    any object will do) and is None where they are not known. The first call that fails decides. `forced` says that the
    request demanded a call; `text` is what came in its place.
    """
    result = None
    for name, arguments in calls:
        result = _check_call(name, arguments, schema_of, finish_reason)
        if not result.ok:
            return result
    if result is None and forced:
        if not text.strip():
            return _failed_tool("empty")
        return _failed_tool("truncated" if _ended_by_length(finish_reason) else "tool_arguments")
    return result


def _check_call(
    name: str, arguments: Any, schema_of: Mapping[str, Any] | None, finish_reason: str | None
) -> StructuredResult:
    result = _judge_call(name, arguments, schema_of, finish_reason)
    if not result.ok and not arguments and _ended_by_length(finish_reason):
        return _failed_tool("truncated")  # the limit came before the first argument
    return result


def _judge_call(
    name: str, arguments: Any, schema_of: Mapping[str, Any] | None, finish_reason: str | None
) -> StructuredResult:
    if schema_of is not None and name not in schema_of:
        return _failed_tool("tool_arguments")
    schema = None if schema_of is None else schema_of[name]
    if arguments is None or isinstance(arguments, str):
        expected = {"kind": "tool_arguments", "schema": schema}
        return check_structured(arguments or "", expected, finish_reason=finish_reason)
    if ToolArguments(None if schema is None else schemas.compiled(schema)).accepts(arguments):
        return StructuredResult(ok=True, reason=None, format="tool_arguments")
    return _failed_tool("tool_arguments")


def _reason(text: str, form: forms.Json | ToolArguments | forms.Matching, finish_reason: str | None) -> str:
    """Say why a text is not valid as a whole."""
    if _ended_by_length(finish_reason) or (_unknown(finish_reason) and json_text.nesting(text).open):
        return "truncated"
    if isinstance(form, ToolArguments) or form.unwrap(text) is None:
        return form.foreign
    return "wrapped"


def _ended_by_length(finish_reason: str | None) -> bool:
    return isinstance(finish_reason, str) and finish_reason.lower() in LENGTH


def _unknown(finish_reason: str | None) -> bool:
    return not isinstance(finish_reason, str) or finish_reason.lower() in _UNKNOWN


def _failed_tool(reason: str) -> StructuredResult:
    return StructuredResult(ok=False, reason=reason, format="tool_arguments")
