"""What an answer was expected to be, in the forms in which an application says so."""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ddllm.quality import json_text, schemas
from ddllm.quality.schemas import Schema, short, tell

_KINDS = frozenset({"json", "json_schema", "regex", "tool_arguments"})
#: Characters that a pattern is held against: more than any model writes in one answer.
_LONGEST = 1_000_000


class Json(NamedTuple):
    """JSON, that keeps a schema where there is one. `foreign` is the reason of what is no JSON, `broken` of what breaks it."""

    schema: Schema | None = None
    format: str = "json"
    broken: str = "schema"
    foreign: str = "not_json"

    def judge(self, text: str) -> bool | None:
        """Tell whether a text is as promised; None where it is not valid as a whole."""
        found = json_text.parse(text)
        if found is None:
            return None
        if self.accepts(found.value):
            return True
        # To the validator an infinite float is no number, and 1e400 was one.
        finite = json_text.parse_finite(text)
        return finite is not None and self.accepts(finite.value)

    def accepts(self, value: Any) -> bool:
        """Tell whether a parsed value is as promised."""
        return self.schema is None or schemas.keeps(self.schema, value)

    def unwrap(self, text: str) -> str | None:
        """Return the one JSON value inside of a text that is not valid as a whole."""
        return json_text.wrapped(text)


class ToolArguments(NamedTuple):
    """The arguments of a tool call: a JSON object, that keeps the tool's schema where that is known."""

    schema: Schema | None = None
    format: str = "tool_arguments"
    broken: str = "tool_arguments"
    foreign: str = "tool_arguments"

    def judge(self, text: str) -> bool | None:
        """Tell whether a text is as promised; None where it is not valid as a whole."""
        return Json(self.schema).judge(text) and text.startswith("{")

    def accepts(self, value: Any) -> bool:
        """Tell whether parsed arguments are as promised."""
        return isinstance(value, dict) and Json(self.schema).accepts(value)

    def unwrap(self, text: str) -> str | None:
        """Return the one JSON value inside of a text that is not valid as a whole."""
        return json_text.wrapped(text)


class Matching(NamedTuple):
    """Text that passes a test of the application's. Without a test that works there is nothing to hold against a text."""

    passes: Callable[[str], object] | None
    format: str
    broken: str = "schema"
    foreign: str = "schema"

    def judge(self, text: str) -> bool | None:
        """Tell that a text passes; None where it does not."""
        try:
            return self.passes is None or bool(self.passes(text)) or None
        except BaseException:  # noqa: BLE001 - the application's own code; that is how it says no, sys.exit() included
            return None

    def unwrap(self, text: str) -> str | None:
        """Return the content of a Markdown fence that passes."""
        return next((inside for inside in json_text.fenced(text) if self.judge(inside)), None)


class Expected(NamedTuple):
    """A format, and whether a valid answer may have prose or a fence around it."""

    format: Json | ToolArguments | Matching
    allow_wrapped: bool = False


def read(expected: Any) -> Expected:
    """Read any of the forms; never raises. What cannot be used is logged once, and checked only to be JSON."""
    try:
        return _read(expected)
    except Exception as error:  # noqa: BLE001 - an object of the user's that fails when it is looked at
        return _unusable(expected, error)


def _read(expected: Any) -> Expected:
    if isinstance(expected, Mapping):
        kind = expected.get("kind")  # of a bare JSON Schema this is no keyword
        if isinstance(kind, str) and kind in _KINDS:
            return Expected(_of_kind(kind, expected.get("schema")), bool(expected.get("allow_wrapped")))
        return Expected(_json(expected))
    if isinstance(expected, re.Pattern):
        return Expected(_pattern(expected))
    if isinstance(expected, str) or schemas.is_model(expected):
        return Expected(Json() if expected == "json" else _json(expected))
    if callable(expected):
        return Expected(Matching(expected, "callable"))
    return _unusable(expected, TypeError("ddllm.quality.check_structured says what can be"))


def _of_kind(kind: str, schema: Any) -> Json | ToolArguments | Matching:
    if kind == "regex":
        return _pattern(schema)
    if kind == "json":
        return Json()
    if kind == "json_schema":
        return _json(schema)
    return ToolArguments() if schema is None else ToolArguments(schemas.compiled(schema))


def _json(schema: Any) -> Json:
    usable = schemas.compiled(schema)
    return Json() if usable is None else Json(usable, "json_schema")


def _pattern(pattern: Any) -> Matching:
    try:
        matches = re.compile(pattern).fullmatch
        matches("")  # a pattern of bytes fails here
    except Exception as error:  # noqa: BLE001 - a broken pattern, or none
        tell(f"{short(pattern)} is no usable pattern ({short(error)}); answers are not compared with it")
        return Matching(None, "text")
    return Matching(lambda text: len(text) > _LONGEST or matches(text) is not None, "regex")


def _unusable(expected: Any, error: Exception) -> Expected:
    tell(f"a {type(expected).__name__} cannot be expected ({short(error)}); answers are only checked to be JSON")
    return Expected(Json())
