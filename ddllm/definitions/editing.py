"""Changes in files that people wrote: one value is replaced, added or taken out, and every other character stays.

A round trip through a YAML library would write the whole file anew, in a layout of its own. Here the text is cut at the places
that `document` knows, and the result is read again: it must hold the value that was meant, and nothing else that differs.
"""

import re
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from typing import Any

from ddllm.definitions.document import Document, Route, parse
from ddllm.definitions.writing import block, inline
from ddllm.errors import DefinitionError

_WORD = re.compile(r"[\w.-]{2}")
_HEADER = re.compile(r"[|>][-+]?[ \t]*(?:#[^\n]*)?\n")
_ENDS_IN_LINES = re.compile(r"[|>][-+\d]*$", re.MULTILINE)

#: A piece of text as it is written, and what it means.
Piece = tuple[str, str]


def put(document: Document, route: Route, value: Any) -> str:
    """Return the text of a document with another value at `route`, where none stands a new one.

    Raises DefinitionError where that cannot be: the place is shared (an anchor, a `<<`), or its layout is too unusual.
    """
    text = _replaced(document, route, value) if document.holds(route) else _added(document, route, value)
    return _checked(document, text, route, _with(document.value, route, value))


def remove(document: Document, route: Route) -> str:
    """Return the text of a document without the key that ends `route`, and without mappings that it leaves empty."""
    while len(route) > 2 and _at(document.value, route[:-1]).keys() == {route[-1]}:  # noqa: PLR2004 - a definition's own field
        route = route[:-1]
    return _checked(document, _removed(document, route), route, _without(document.value, route))


def append(text: str, key: str, body: Any, comment: str) -> str:
    """Return the text of a file of definitions by key with another one at its end, below a comment."""
    before = f"{text.rstrip()}\n\n" if text.strip() else ""
    return f"{before}# {comment}\n{block({key: body})}"


def carried(pieces: Sequence[Piece], new: str, write: Callable[[str], str] = str) -> tuple[str, list[str]]:
    """Write a new text as an old one was written: pieces whose meaning stands in it unchanged stay.

    Returns the text, and the pieces that could not stay. `write` says how other text is written.
    """
    old = "".join(meaning for _, meaning in pieces)
    blocks = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    written: list[str] = []
    lost: list[str] = []
    done = start = 0
    for form, meaning in pieces:
        end = start + len(meaning)
        if form != meaning:
            place = next((b.b + start - b.a for b in blocks if b.a <= start and end <= b.a + b.size), None)
            if place is None or _joined(old, start, new, place) or _joined(old, end, new, place + len(meaning)):
                lost.append(form)
            else:
                written += [write(new[done:place]), form]
                done = place + len(meaning)
        start = end
    return "".join((*written, write(new[done:]))), lost


def _joined(old: str, there: int, new: str, here: int) -> bool:
    """Whether a word of the new text goes on where one of the old text ended or began: the 2 of `20` is no 2."""
    around = new[max(here - 1, 0) : here + 1]
    return around != old[max(there - 1, 0) : there + 1] and bool(_WORD.fullmatch(around))


def _checked(document: Document, text: str, route: Route, wanted: Any) -> str:
    try:
        made = parse(text, document.file).value
    except DefinitionError:
        made = None
    if made != wanted:
        name = ".".join(map(str, route[1:]))
        raise DefinitionError(
            f"`{name}` cannot be written into the file: its place is shared, or laid out in an unusual way",
            where=str(document.key(route)),
        )
    return text


# -- values


def _at(value: Any, route: Route) -> Any:
    for part in route:
        value = value[part]
    return value


def _with(value: Any, route: Route, new: Any) -> Any:
    if not route:
        return new
    first, *rest = route
    if isinstance(value, list):
        return [_with(item, tuple(rest), new) if index == first else item for index, item in enumerate(value)]
    inside = value or {}
    return {**inside, first: _with(inside.get(first), tuple(rest), new)}


def _without(value: Any, route: Route) -> Any:
    first, *rest = route
    if not rest:
        return {key: item for key, item in value.items() if key != first}
    if isinstance(value, list):
        return [_without(item, tuple(rest)) if index == first else item for index, item in enumerate(value)]
    return {key: _without(item, tuple(rest)) if key == first else item for key, item in value.items()}


# -- text


def _replaced(document: Document, route: Route, value: Any) -> str:
    start, end = document.span(route)
    source = document.text[start:end].rstrip()
    end = start + len(source)
    if isinstance(value, str) and _HEADER.match(source):
        return _splice(document, start, end, _block_text(source, value))
    if _is_block(document, route):
        return _block_replaced(document, route, value)
    quote = source[:1] if source[:1] in {'"', "'"} else None
    space = "" if source else " "  # nothing was written after the colon
    return _splice(document, start, end, space + inline(value, quote, bracketed=_is_bracketed(document, route)))


def _block_text(source: str, value: str) -> str:
    """Write a text in the style of a block: literal lines, or lines that are folded where the old ones were."""
    head, *lines = source.split("\n")
    indent = " " * min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    body = value.removesuffix("\n")
    if not body.strip() or body[0].isspace() or body[-1] == "\n" or not indent:
        return inline(value)
    if head[0] == ">" and "\n" not in body and all(line.strip() and line[len(indent)] != " " for line in lines):
        texts = [line[len(indent) :] for line in lines]
        pieces = [piece for line in texts for piece in ((f"\n{indent}", " "), (line, line))][1:]
        folded, _ = carried(pieces, body)
        return f"{_chomped(head, value)}\n{indent}{folded}"
    made = "\n".join(f"{indent}{line}" if line else "" for line in body.split("\n"))
    return f"{_chomped('|' + head[1:], value)}\n{made}"


def _chomped(head: str, value: str) -> str:
    """Return a block's first line as it ends the text: with one line feed, or without one."""
    return re.sub(r"^([|>])[-+]?", lambda found: found[1] + ("" if value.endswith("\n") else "-"), head)


def _block_replaced(document: Document, route: Route, value: Any) -> str:
    start, end = document.span(route)[0], _content_end(document, route)
    old = _at(document.value, route)
    if isinstance(value, list) and value and isinstance(old, list):
        return _list_replaced(document, route, old, value)
    column = document.at(route).column - 1
    made = block(value).rstrip("\n") if isinstance(value, dict | list) and value else inline(value)
    comment = document.text[end : _line_end(document.text, end)].strip()
    if comment and _ENDS_IN_LINES.search(made):
        made = inline(value)  # a comment behind lines of text would be text
    deeper = (
        "  " if isinstance(old, list) else ""
    )  # an item may stand below the first letter of its key, nothing else may
    return _splice(document, start, end, deeper + made.replace("\n", f"\n{' ' * column}{deeper}"))


def _list_replaced(document: Document, route: Route, old: list[Any], new: list[Any]) -> str:
    """Take items out of a list that stands one a line, and add others at its end."""
    column = document.at(route).column - 1
    kept = [item for item in old if item in new]
    added = new[len(kept) :]
    if not kept or new[: len(kept)] != kept or len(kept) != len({*map(repr, kept)}):
        made = block(new).rstrip("\n").replace("\n", f"\n{' ' * column}")
        return _splice(document, document.span(route)[0], _content_end(document, route), made)
    last = max(index for index, item in enumerate(old) if item in new)
    place = _line_end(document.text, _content_end(document, (*route, last)))
    lines = "".join(f"\n{' ' * column}- {inline(item)}" for item in added)
    text = document.text[:place] + lines + document.text[place:]
    for index in reversed(range(len(old))):
        if old[index] not in new:
            shift = len(lines) if index > last else 0
            begin = document.text.rfind("\n", 0, document.span((*route, index))[0]) + 1 + shift
            finish = _line_end(document.text, _content_end(document, (*route, index))) + 1 + shift
            text = text[:begin] + text[finish:]
    return text


def _added(document: Document, route: Route, value: Any) -> str:
    place = route
    while not document.holds(place):
        place = place[:-1]
    name, *rest = route[len(place) :]
    for part in reversed(rest):
        value = {part: value}
    held = _at(document.value, place)
    if not isinstance(held, dict) or not held:
        return _replaced(document, place, {name: value})
    if not _is_block(document, place):
        end = document.span(place)[1] - 1
        return _splice(
            document, len(document.text[:end].rstrip()), end, f", {inline({name: value}, bracketed=True)[1:-1]}"
        )
    first = document.key((*place, next(iter(held))))
    end = _line_end(document.text, _content_end(document, place))
    made = block({name: value}).rstrip("\n").replace("\n", f"\n{' ' * (first.column - 1)}")
    return _splice(document, end, end, f"\n{' ' * (first.column - 1)}{made}")


def _removed(document: Document, route: Route) -> str:
    text = document.text
    begin = document.index(document.key(route))
    if _is_block(document, route[:-1]):
        end = _line_end(text, _content_end(document, route))
        return text[: text.rfind("\n", 0, begin) + 1] + text[end + 1 :]
    end = document.span(route)[1]
    comma = re.compile(r"\s*,\s*").match(text, end)
    if comma:
        return text[:begin] + text[comma.end() :]
    return re.sub(r",\s*\Z", "", text[:begin]) + text[end:]


def _is_block(document: Document, route: Route) -> bool:
    """Whether a mapping or list stands over lines, without brackets."""
    start, end = document.span(route)
    return isinstance(_at(document.value, route), dict | list) and document.text[start:end][:1] not in {"{", "["}


def _is_bracketed(document: Document, route: Route) -> bool:
    """Whether a value stands inside of brackets."""
    return any(not _is_block(document, route[:size]) for size in range(len(route)))


def _content_end(document: Document, route: Route) -> int:
    """Return where the last character of a value stands. What PyYAML calls the end of a block is the next key."""
    ends = []
    for each in document.within(route):
        if not _is_block(document, each):
            start, end = document.span(each)
            ends.append(start + len(document.text[start:end].rstrip()))
    return max(ends, default=document.span(route)[1])


def _line_end(text: str, place: int) -> int:
    found = text.find("\n", place)
    return len(text) if found < 0 else found


def _splice(document: Document, start: int, end: int, new: str) -> str:
    return document.text[:start] + new + document.text[end:]
