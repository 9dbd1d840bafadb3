"""Why a text does not read as a query, in words: the slips that people make, then what could have stood there."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from lark import UnexpectedInput

_NEAR = 20


@dataclass(frozen=True, slots=True)
class _Slip:
    """A slip, known by the words that could have stood there, by what stands there and by what stands before it.

    In `message` and `suggestion`, `{0}` is what stands there and `{1}` what stands before.
    """

    message: str
    expected: str = ""
    there: str = ""
    before: str = ""
    suggestion: str | None = None


_SEARCHES = r"(?:[a-z]+(?:-[a-z]+)+|logs|events|rum|audits|processes|formula|error_budget|burn_rate)"

_SLIPS = (
    _Slip("there is no query", there=r"\s*$", before="^"),
    _Slip("the quotation mark that opens here is never closed", "STRING", "[\"']"),
    _Slip("`{0}` begins a placeholder of another tool, which has to fill it in before", there=r"\$\{|\{\{|%\{|<%"),
    _Slip(
        "`{1}{0}` begins a placeholder of another tool, which has to fill it in before", there=r"\{", before=r"[{$%]"
    ),
    _Slip("`{1}` needs something on its right", before=r"(?i:\b(?:and|or|not|in))|&&|\|\|", there=r"[)}]|$"),
    _Slip(
        "two operators in a row: `{1}` and `{0}`",
        before=r"&&|\|\||[-+*/]|(?i:\b(?:and|or))",
        there=r"&&|\|\||[*/]|(?i:and|or)\b",
    ),
    _Slip("monitors are joined by `&&` and `||`", "_AND_ALSO", r"(?i:and)\b|&", suggestion="&&"),
    _Slip("monitors are joined by `&&` and `||`", "_AND_ALSO", r"(?i:or)\b|\|", suggestion="||"),
    _Slip("a comma must be followed by {expected}", before=",", there=r"[)}]|$"),
    _Slip("`{0}` is no operator", "COMPARE", "=>|=<", suggestion="{swapped}"),
    _Slip("`{0}` is no operator", "COMPARE", "=", suggestion="=="),
    _Slip("`{1}{0}` is no operator", "NUMBER", "[<>=!]+", before="[<>=!]+"),
    _Slip("a number below one needs its leading zero", "NUMBER", r"\.\d+", suggestion="0{0}"),
    _Slip("`{0}` is no number that Datadog reads", "NUMBER", r"\d[\d.,]*(?:[eE][-+]?\d+)?(?=\s|$)"),
    _Slip("`{0}`: a metric's name starts with a letter", "METRIC", r"[\d_][\w.]*"),
    _Slip("group keys stand in braces", "_BY", r"(?i:by)(?:\s+[\w.,-]+|\s*\([^()]*\))", suggestion="{braced}"),
    _Slip("a window is one word, such as last_5m", "RPAR", r"\w+", before=r"[a-z]+_\w*"),
    _Slip("`{1}…)` takes a text in quotation marks", "WINDOW", before=rf"\b{_SEARCHES}\("),
    _Slip("a check's name stands in quotation marks", "SOURCE", r"[\w.]+\.over\("),
    _Slip("a window says which one: last_5m, current_1d, next_1w", "WINDOW", r"\d+[a-z]+", suggestion="last_{0}"),
    _Slip("a comparison belongs to a monitor, after its window: avg(last_5m):…", "COMMA $END", "[<>=!]+"),
    _Slip("a metric's monitor begins with its window: avg(last_5m):…", "SOURCE", r"[A-Za-z][\w.]*\s*[:{]"),
    _Slip(
        "`{0}` follows a metric alone, inside functions and parentheses", "STAR", r"\.\s*[A-Za-z_]+(?=\()", before=r"\)"
    ),
    _Slip("a tag is written key:value", "RBRACE", "=", suggestion=":"),
    _Slip("`{0}` needs something on its left", "TAG", r"(?i:and|or|in)\b", before=r"[{(]"),
    _Slip("between tags stands a comma, or AND or OR", "RBRACE", r"[^\s,(){}]+(?=[^{}]*\})"),
)

#: What the grammar's words are to a reader.
_NAMES = {
    "METRIC": "a metric",
    "TAG": "a tag",
    "GROUP": "a tag key",
    "WINDOW": "a window",
    "COMPARE": "a comparison (> 5)",
    "NUMBER": "a number",
    "STRING": "a text in quotation marks",
    "METHOD": "a method",
    "STAR": "an operator (+ - * /)",
    "SOURCE": "a search",
    "ID": "a monitor's id",
    "BARE": "a word",
    "RPAR": "`)`",
    "RBRACE": "`}`",
    "LPAR": "`(`",
    "LBRACE": "`{`",
    "COLON": "`:`",
    "COMMA": "`,`",
    "$END": "the end",
}
_PAIRS = {"(": ")", "{": "}"}
_OPENED = {"(": "parenthesis", "{": "brace"}


def explained(text: str, error: "UnexpectedInput") -> tuple[str, int, str | None]:
    """Return what is wrong, where, and what was probably meant."""
    expected = _expected(error)
    token = getattr(error, "token", None)
    ended = getattr(token, "type", "") == "$END"
    position = len(text) if ended or error.pos_in_stream is None else error.pos_in_stream
    if ended and "COMPARE" in expected:
        return "a monitor's query ends with a comparison, an operator and a number: > 5", position, None
    for slip in _SLIPS:
        if not expected.issuperset(slip.expected.split()):
            continue
        found = re.compile(slip.there).match(text, position)
        before = re.search(rf"(?:{slip.before})\s*$", text[:position]) if slip.before else None
        if found is None or (slip.before and before is None):
            continue
        words = {
            "expected": _named(expected) or "more",
            "swapped": found[0][::-1],
            "braced": re.sub(r"(?i:by)[\s(]+([^()]*)\)?", r"by {\1}", found[0]),
        }
        place = (found[0].strip(), before[0].strip() if before else "")
        suggestion = slip.suggestion.format(*place, **words) if slip.suggestion else None
        return slip.message.format(*place, **words), position, suggestion
    unclosed = _unclosed(text, position)
    if unclosed is not None and (ended or _PAIRS[text[unclosed]] not in text[position:]):
        return f"the {_OPENED[text[unclosed]]} that opens here is never closed", unclosed, None
    there = text[position : position + 1]
    if there in {*_PAIRS.values()} and (unclosed is None or _PAIRS[text[unclosed]] != there):
        return f"`{there}` closes nothing", position, None
    where = f"before its end, after `{text[-_NEAR:].strip()}`" if ended else f"at `{text[position : position + _NEAR]}`"
    named = _named(expected)
    return f"the query cannot be read {where}{f': expected is {named}' if named else ''}", position, None


def _expected(error: "UnexpectedInput") -> frozenset[str]:
    """Return the names of the words that the grammar could have taken."""
    found = cast("Any", error)
    return frozenset(getattr(found, "accepts", None) or getattr(found, "expected", None) or found.allowed or ())


def _named(expected: frozenset[str]) -> str:
    """Name what was expected, where it can be named."""
    names = [name for word, name in _NAMES.items() if word in expected]
    if "METRIC" in expected:
        names = ["a metric, a function or a number"] if "FUNCTION" in expected else ["a metric"]
    return " or ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else "".join(names)


def _unclosed(text: str, end: int) -> int | None:
    """Return where the innermost bracket begins that is open at `end`, quoted ones aside."""
    opened: list[int] = []
    for found in re.finditer(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|[(){}]", text[:end]):
        mark = found[0]
        if mark in _PAIRS:
            opened.append(found.start())
        elif opened and mark in _PAIRS.values():
            opened.pop()
    return opened[-1] if opened else None
