"""Reading a YAML document by its nodes, so that whatever is wrong in it is named with line and column.

A text is what stands in the file: `yes`, `1.10` and `2026-01-01` stay what was written where a text is expected. Booleans
are `true` and `false`. Anything else raises `ConfigError`.
"""

import math
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from ddllm.errors import ConfigError

if TYPE_CHECKING:
    from yaml import Node

_BOOLEANS = {"true": True, "false": False}
_NUMBERS: Mapping[str, type[int] | type[float]] = {"tag:yaml.org,2002:int": int, "tag:yaml.org,2002:float": float}


def document(path: Path, *, hint: str | None = None) -> "Node | None":
    """Parse the one document of a file; None where the file is empty. `hint` says what to do where it cannot be read."""
    import yaml  # noqa: PLC0415 - 20 ms, on the worker alone

    try:
        with path.open("rb") as stream:
            return yaml.compose(stream, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        raise ConfigError(f"this is not YAML: {error.problem or error.context}", where=where) from error
    except yaml.YAMLError as error:  # bytes that are no text
        raise ConfigError(f"this is not YAML: {str(error).splitlines()[0]}", where=str(path)) from error
    except RecursionError as error:
        raise ConfigError("the file is nested too deeply", where=str(path)) from error
    except OSError as error:
        raise ConfigError(f"the file cannot be read: {error.strerror}", where=str(path), hint=hint) from error


def position(node: "Node") -> str:
    """Where a node begins: file, line and column."""
    mark = node.start_mark
    return f"{mark.name}:{mark.line + 1}:{mark.column + 1}"


def _shape(node: "Node") -> str:
    return str(node.id)  # type: ignore[attr-defined]  # the stubs lack it


def _empty(node: "Node") -> bool:
    return node.tag == "tag:yaml.org,2002:null"


def fail(node: "Node", message: str, hint: str | None = None) -> NoReturn:
    """Refuse a node."""
    raise ConfigError(message, where=position(node), hint=hint)


def unknown(node: "Node", kind: str, name: str, known: Iterable[str]) -> NoReturn:
    """Refuse a name that does not exist, and say which one was probably meant."""
    from difflib import get_close_matches  # noqa: PLC0415 - for the error alone

    names = sorted(known)
    near = get_close_matches(name, names, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(names)}"
    fail(node, f"unknown {kind} {name!r}", hint)


def entries(node: "Node", what: str) -> dict[str, tuple["Node", "Node"]]:
    """Read a mapping: for each key the nodes of key and value. A key that stands twice is an error, nothing is empty."""
    if _empty(node):
        return {}
    if _shape(node) != "mapping":
        fail(node, f"{what} must be a mapping of keys to values")
    found: dict[str, tuple[Node, Node]] = {}
    for key, value in node.value:
        name = text(key, "a key")
        if name in found:
            fail(key, f"{name!r} stands twice in {what}; it was first at {position(found[name][0])}")
        found[name] = key, value
    return found


def mapping(node: "Node", what: str, known: Iterable[str], required: Iterable[str] = ()) -> "Mapping[str, Node]":
    """Read a mapping whose keys are known beforehand."""
    found = entries(node, what)
    for name, (key, _) in found.items():
        if name not in known:
            unknown(key, f"key in {what}:", name, known)
    for name in required:
        if name not in found:
            fail(node, f"{what} needs the key {name!r}")
    return {name: value for name, (_, value) in found.items()}


def sequence(node: "Node", what: str) -> "list[Node]":
    """Read a list; nothing is an empty one."""
    if _empty(node):
        return []
    if _shape(node) != "sequence":
        fail(node, f"{what} must be a list")
    return list(node.value)


def text(node: "Node", what: str) -> str:
    """Read a text that is not empty, as it was written."""
    if _shape(node) != "scalar" or _empty(node) or not node.value:
        fail(node, f"{what} must be a text")
    return str(node.value)


def name(node: "Node", kind: str, known: Iterable[str]) -> str:
    """Read one of the names that exist."""
    value = text(node, f"a {kind}")
    if value not in known:
        unknown(node, kind, value, known)
    return value


def number(node: "Node", what: str, most: float = math.inf) -> float:
    """Read a number from 0 to `most`."""
    try:
        value = float(text(node, what))
    except ValueError:
        value = math.nan
    if not (0 <= value <= most and value < math.inf):
        fail(node, f"{what} must be a number {'of 0 or more' if most == math.inf else f'from 0 to {most:g}'}")
    return value


def whole(node: "Node", what: str) -> int:
    """Read a whole number of 1 or more."""
    value = text(node, what)
    if not (value.isascii() and value.isdigit() and len(value) < 10 and int(value)):  # noqa: PLR2004 - below a billion
        fail(node, f"{what} must be a whole number of 1 or more")
    return int(value)


def flag(node: "Node", what: str) -> bool:
    """Read `true` or `false`."""
    value = text(node, what)
    if value not in _BOOLEANS:
        fail(node, f"{what} must be true or false")
    return _BOOLEANS[value]


def value(node: "Node") -> Any:
    """Read anything, as JSON has it; what JSON does not have is text."""
    shape = _shape(node)
    if shape == "mapping":
        return {key: value(item) for key, (_, item) in entries(node, "a mapping").items()}
    if shape == "sequence":
        return [value(item) for item in node.value]
    return None if _empty(node) else _scalar(node)


def _scalar(node: "Node") -> Any:
    if node.tag == "tag:yaml.org,2002:bool" and node.value in _BOOLEANS:
        return _BOOLEANS[node.value]
    try:
        number = _NUMBERS[node.tag](node.value) if node.tag in _NUMBERS else math.nan
    except ValueError:  # 0x1F
        number = math.nan
    return number if math.isfinite(number) else str(node.value)


def day(node: "Node", what: str) -> date:
    """Read a day."""
    try:
        return date.fromisoformat(text(node, what))
    except ValueError:
        fail(node, f"{what} must be a day such as 2026-01-31")
