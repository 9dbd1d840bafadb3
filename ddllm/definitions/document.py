"""YAML with positions: safe loading, and the file, line and column of every key and value.

What differs from PyYAML's own loading, each because a definition file is read by people and becomes JSON:

- `yes no on off` and dates are text; booleans are true and false, numbers those of JSON (`012` and `1:30` are text);
- a key is always text, and a key written twice is an error, where PyYAML silently keeps the last;
- a tag (`!!python/object`, `!Ref`) is an error, and so is an anchor that contains itself.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

import yaml

from ddllm.errors import DefinitionError

#: Where a value stands in a document: its keys and list indexes, from the outside in.
Route: TypeAlias = tuple[str | int, ...]

_STANDARD = "tag:yaml.org,2002:"
_MERGE = f"{_STANDARD}merge"
_MOST_VALUES = 200_000  # a few lines of anchors can stand for billions
_WORDS: Mapping[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
#: What a scalar becomes, by its tag.
_SCALARS: Mapping[str, Callable[[str], str | int | float | bool | None]] = {
    f"{_STANDARD}str": str,
    f"{_STANDARD}null": _WORDS.__getitem__,
    f"{_STANDARD}bool": _WORDS.__getitem__,
    f"{_STANDARD}int": int,
    f"{_STANDARD}float": float,
}


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """The fast parser where PyYAML was built with it, and no more plain words with a meaning than JSON has."""

    yaml_implicit_resolvers: ClassVar[dict[str, list[Any]]] = {}


#: What a plain word is taken for: the tag, the form of the word, and the characters that it may begin with.
PLAIN_WORDS = tuple(
    (f"{_STANDARD}{name}", re.compile(pattern), first)
    for name, pattern, first in (
        ("null", r"(?:|~|null|Null|NULL)\Z", ["", "~", "n", "N"]),
        ("bool", r"(?:true|True|TRUE|false|False|FALSE)\Z", list("tTfF")),
        ("int", r"[-+]?(?:0|[1-9][0-9]*)\Z", list("-+0123456789")),
        ("float", r"[-+]?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?\Z", list("-+0123456789")),
        ("merge", r"<<\Z", ["<"]),
    )
)
for _word in PLAIN_WORDS:
    _Loader.add_implicit_resolver(*_word)


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a file that an editor can open; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    @property
    def short(self) -> str:
        """File and line."""
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML file: its value, and where each part of it was written."""

    file: str
    text: str
    value: Any
    _keys: Mapping[Route, yaml.Mark] = field(repr=False)
    _values: Mapping[Route, tuple[yaml.Mark, yaml.Mark]] = field(repr=False)

    def at(self, route: Route) -> Position:
        """Where the value at `route` begins; of a value that the file does not hold, where the nearest one around it does."""
        return self._position(self._nearest(route)[0])

    def key(self, route: Route) -> Position:
        """Where the key that ends `route` was written; without such a key, what `at` says."""
        while route:
            if route in self._keys:
                return self._position(self._keys[route])
            route = route[:-1]
        return self.at(())

    def span(self, route: Route) -> tuple[int, int]:
        """Where in the text the value at `route` begins and ends; a block of several lines may end with what follows it."""
        start, end = self._nearest(route)
        return start.index, end.index

    def within(self, route: Route) -> Iterator[Route]:
        """Every route at or below `route` at which the file writes a value."""
        yield from (each for each in self._values if each[: len(route)] == route)

    def index(self, position: Position) -> int:
        """Return the place of a position in the text."""
        lines = self.text.split("\n")
        return sum(len(line) + 1 for line in lines[: position.line - 1]) + position.column - 1

    def holds(self, route: Route) -> bool:
        """Whether the file writes a value at `route`."""
        return route in self._values

    def find(self, route: Route, needle: str) -> Position:
        """Where `needle` stands inside the value at `route`, else where that value begins."""
        start, end = self._nearest(route)
        offset = self.text.find(needle, start.index, end.index)
        if offset < 0:
            return self._position(start)
        line = self.text.count("\n", 0, offset) + 1
        return Position(self.file, line, offset - self.text.rfind("\n", 0, offset))

    def _nearest(self, route: Route) -> tuple[yaml.Mark, yaml.Mark]:
        while route not in self._values:
            route = route[:-1]
        return self._values[route]

    def _position(self, mark: yaml.Mark) -> Position:
        return Position(self.file, mark.line + 1, mark.column + 1)


def load(path: Path, *, shown: str | None = None) -> Document:
    """Read one file. `shown` is its name in messages. Raises DefinitionError with the position of what is wrong."""
    file = shown or str(path)
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise DefinitionError(f"the file is not UTF-8 text (byte {error.start})", where=file) from None
    except OSError as error:
        raise DefinitionError(f"the file cannot be read: {error.strerror}", where=file) from None
    return parse(text, file)


def parse(text: str, file: str) -> Document:
    """Read the text of one file. An empty one holds None."""
    try:
        return _document(text, file)
    except RecursionError:
        raise DefinitionError("the file is nested too deeply", where=file) from None


def _document(text: str, file: str) -> Document:
    builder = _Builder(file)
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error, text, file) from None
    except yaml.YAMLError as error:
        raise DefinitionError(f"this is not YAML: {' '.join(str(error).split())}", where=file) from None
    if node is None:
        begin, end = (yaml.Mark(file, index, 0, 0, None, 0) for index in (0, len(text)))
        return Document(file, text, None, {}, {(): (begin, end)})
    value = builder.build(node, ())
    return Document(file, text, value, builder.keys, builder.values)


def _syntax_error(error: yaml.MarkedYAMLError, text: str, file: str) -> DefinitionError:
    mark = error.problem_mark or error.context_mark
    if "nesting depth" in (error.problem or ""):  # newer versions of PyYAML have a limit of their own
        return DefinitionError("the file is nested too deeply", where=file)
    where = str(Position(file, mark.line + 1, mark.column + 1)) if mark else file
    problem = error.problem or error.context or "it cannot be read"
    if "expected a single document" in (error.context or ""):
        problem = "a file holds one document, and here a second one begins"
    elif mark and text[mark.index : mark.index + 1] == "\t":
        problem = "a tab stands where spaces must"
    return DefinitionError(f"this is not YAML: {problem}", where=where)


class _Builder:
    """Turns PyYAML's nodes into plain values and notes where each stood."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.keys: dict[Route, yaml.Mark] = {}
        self.values: dict[Route, tuple[yaml.Mark, yaml.Mark]] = {}
        self._open: set[int] = set()
        self._built = 0

    def build(self, node: yaml.Node, route: Route) -> Any:
        self._built += 1
        if self._built > _MOST_VALUES:
            raise DefinitionError("anchors repeated inside each other make the file too large", where=self.file)
        span = (node.start_mark, node.end_mark)
        self.values[route] = span
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if id(node) in self._open:
            raise DefinitionError("an anchor contains itself", where=str(self._position(node)))
        self._check_tag(node)
        self._open.add(id(node))
        try:
            if isinstance(node, yaml.SequenceNode):
                return [self.build(item, (*route, index)) for index, item in enumerate(node.value)]
            value = self._mapping(node, route)
            self.values[route] = span  # a merged mapping was built at the same place
            return value
        finally:
            self._open.discard(id(node))

    def _mapping(self, node: yaml.Node, route: Route) -> dict[str, Any]:
        merged = self._merged(node, route)
        own: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if key_node.tag == _MERGE:
                continue
            key = self._key(key_node)
            place = (*route, key)
            if key in own:
                raise DefinitionError(
                    f"the key `{key}` is written twice, first in line {self.keys[place].line + 1}",
                    where=str(self._position(key_node)),
                )
            own[key] = self.build(value_node, place)
            self.keys[place] = key_node.start_mark
        return {**merged, **own}

    def _merged(self, node: yaml.Node, route: Route) -> dict[str, Any]:
        """Build what `<<` brings; of two sources the first wins."""
        merged: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if key_node.tag != _MERGE:
                continue
            sources = value_node.value if isinstance(value_node, yaml.SequenceNode) else [value_node]
            for source in sources:
                if not isinstance(source, yaml.MappingNode):
                    raise DefinitionError(
                        "`<<` takes a mapping, or a list of mappings", where=str(self._position(source))
                    )
                merged = {**self.build(source, route), **merged}
        return merged

    def _key(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise DefinitionError("a key must be text", where=str(self._position(node)))
        return str(node.value)

    def _scalar(self, node: yaml.ScalarNode) -> str | int | float | bool | None:
        convert = _SCALARS.get(node.tag)
        try:
            if convert is not None:
                return convert(node.value)
        except (KeyError, ValueError):  # an explicit tag on text that it does not fit
            convert = None
        raise DefinitionError(f"the tag `{_shown_tag(node.tag)}` is not allowed here", where=str(self._position(node)))

    def _check_tag(self, node: yaml.Node) -> None:
        if node.tag not in {f"{_STANDARD}map", f"{_STANDARD}seq"}:
            raise DefinitionError(
                f"the tag `{_shown_tag(node.tag)}` is not allowed here", where=str(self._position(node))
            )

    def _position(self, node: yaml.Node) -> Position:
        return Position(self.file, node.start_mark.line + 1, node.start_mark.column + 1)


def _shown_tag(tag: str) -> str:
    return f"!!{tag.removeprefix(_STANDARD)}" if tag.startswith(_STANDARD) else tag
