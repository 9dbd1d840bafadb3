"""What a pydantic model says of a value, as errors with a position and the name that was probably meant."""

import re
from collections.abc import Callable, Mapping, Sequence
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError

from ddllm.definitions.document import Document, Route
from ddllm.definitions.nearest import did_you_mean
from ddllm.definitions.problems import Problems
from ddllm.errors import DefinitionError

ModelT = TypeVar("ModelT", bound=BaseModel)


class Shape(BaseModel):
    """Base of the models of definition files: exact types, and no key that it does not know."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


def check(model: type[ModelT], value: Any, document: Document, route: Route) -> ModelT:
    """Read the value at `route` of a document as `model`. Raises DefinitionError, or DefinitionListError, with all that is wrong."""
    if not isinstance(value, dict):
        raise DefinitionError(f"{_name(route)} must be a mapping of keys to values", where=str(document.at(route)))
    try:
        return model.model_validate(value)
    except ValidationError as error:
        problems = Problems()
        problems.add(*(_problem(model, value, each, document, route) for each in error.errors(include_url=False)))
        problems.raise_any()
        raise


def _problem(model: type[BaseModel], value: Any, error: Any, document: Document, route: Route) -> DefinitionError:
    inside = _within(value, error["loc"], missing=error["type"] == "missing")
    place = (*route, *inside)
    describe = _DESCRIPTIONS.get(error["type"])
    if describe is not None:
        return describe(model, inside, document, place)
    told = _WORDS.get(error["type"])
    if told is not None:
        return DefinitionError(f"{_name(inside)} {told(error.get('ctx', {}))}", where=str(document.at(place)))
    text = error["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return DefinitionError(f"{_name(inside)} {text[:1].lower()}{text[1:]}", where=str(document.at(place)))


def _within(value: Any, location: Route, *, missing: bool) -> Route:
    """Return the parts of pydantic's path that are places in the file; it also names the member of a union that it tried."""
    route: list[str | int] = []
    for part in location:
        inside = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
        if part in inside:
            route.append(part)
            value = value[part]
        elif missing and part == location[-1]:
            route.append(part)
    return tuple(route)


def _unknown_key(model: type[BaseModel], inside: Route, document: Document, place: Route) -> DefinitionError:
    known = _fields_at(model, inside[:-1])
    return DefinitionError(
        f"unknown key {_name(inside)}", where=str(document.key(place)), hint=did_you_mean(str(inside[-1]), known)
    )


def _missing(_model: type[BaseModel], inside: Route, document: Document, place: Route) -> DefinitionError:
    return DefinitionError(f"{_name(inside)} is missing", where=str(document.key(place[:-1])))


_DESCRIPTIONS: dict[str, Callable[[type[BaseModel], Route, Document, Route], DefinitionError]] = {
    "extra_forbidden": _unknown_key,
    "missing": _missing,
}


#: The patterns of names: what they begin with, what may follow, and how much of it.
_NAME_PATTERN = re.compile(r"\^\[(?P<first>[^]]+)\]\[(?P<rest>[^]]+)\]\{(?P<least>\d+),(?P<most>\d+)\}\$")
_CHARACTERS = re.compile(r"a-z|0-9|.")
_CALLED = {"a-z": "small letters", "0-9": "digits"}


def _pattern_in_words(context: Mapping[str, Any]) -> str:
    found = _NAME_PATTERN.fullmatch(context["pattern"])
    if found is None:
        return f"must have the form {context['pattern']}"
    least, most = int(found["least"]) + 1, int(found["most"]) + 1
    length = f"at most {most}" if least == 1 else f"{least} to {most}"
    first = "a small letter or a digit" if "0-9" in found["first"] else "a small letter"
    made = _series([_CALLED.get(each, f"`{each}`") for each in _CHARACTERS.findall(found["rest"])])
    return f"must be made of {made}, begin with {first} and have {length} characters"


def _too_short(context: Mapping[str, Any]) -> str:
    least = context["min_length"]
    return "must not be empty" if least == 1 else f"must hold {least} or more"


def _too_long(context: Mapping[str, Any]) -> str:
    return f"must have at most {context['max_length']} characters"


def _series(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


#: What pydantic would say in the words of its own types and patterns.
_WORDS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "string_pattern_mismatch": _pattern_in_words,
    "string_too_long": _too_long,
    "string_too_short": _too_short,
    "too_short": _too_short,
}


def _fields_at(model: type[BaseModel], route: Route) -> list[str]:
    for part in route:
        if isinstance(part, str) and part in model.model_fields:
            inner = _model_in(model.model_fields[part].annotation)
            if inner is None:
                return []
            model = inner
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and not isinstance(annotation, UnionType) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) is None:
        return None
    return next((model for each in get_args(annotation) if (model := _model_in(each)) is not None), None)


def _name(route: Route) -> str:
    return f"`{'.'.join(map(str, route))}`" if route else "this"
