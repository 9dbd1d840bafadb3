"""Datadog's message templates: conditions, variables, and the handles that a text calls.

    {{#is_alert}} … {{/is_alert}}    {{^is_no_data}} … {{/is_no_data}}    {{else}}
    {{#is_match "service.name" "chat" "search"}} … {{/is_match}}          {{#is_exact_match …}}
    {{value}}  {{threshold}}  {{service.name}}  {{[@facet.key].name}}  {{a.value}}
    {{eval "last_triggered_at_epoch-3600000"}}  {{local_time 'last_triggered_at' 'Europe/Berlin'}}  {{urlencode "service.name"}}

Source: Datadog's documentation, Monitors > Notifications > Variables. A variable that an alert does not have renders as
nothing, as there.
"""

import ast
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from urllib.parse import quote
from zoneinfo import ZoneInfo

from ddllm.errors import DdllmError

#: The blocks that compare a variable with texts.
_MATCHES = frozenset({"is_match", "is_exact_match"})
#: The blocks that hold by the kind of notification.
CONDITIONS = frozenset(
    {
        *("is_alert", "is_warning", "is_no_data", "is_recovery", "is_renotify"),
        *("is_alert_recovery", "is_warning_recovery", "is_no_data_recovery"),
        *("is_alert_to_warning", "is_warning_to_alert", "is_no_data_to_alert", "is_no_data_to_warning"),
        *("is_priority", "is_unknown"),
    }
)
_TAG = re.compile(r"\{\{(?P<sign>[#^/]?)\s*(?P<inner>[^{}]*?)\s*\}\}")
_WORDS = re.compile(r"\"([^\"]*)\"|'([^']*)'|(\S+)")
_HANDLE = re.compile(r"(?<!\S)@[\w.\-+@:/]*\w")


@dataclass(frozen=True, slots=True)
class Variable:
    """`{{name}}`, or a function of it with arguments."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """What stands there where a condition holds, and what stands there else; `negated` turns it round."""

    name: str
    arguments: tuple[str, ...]
    negated: bool
    body: tuple["Node", ...]
    otherwise: tuple["Node", ...]


Node = str | Variable | Block


@dataclass(frozen=True, slots=True)
class Situation:
    """What a message is rendered for: the conditions that hold, and the variables by name (`value`, `service.name`)."""

    conditions: frozenset[str]
    variables: Mapping[str, str] = field(default_factory=dict)


class TemplateError(DdllmError):
    """A template cannot be read."""


@cache
def parse(text: str) -> tuple[Node, ...]:
    """Parse a template. Raises TemplateError for a block that is not closed, closed wrongly, or unknown."""
    nodes, _ = _until(None, list(_tokens(text)), 0)
    return nodes


def render(text: str, situation: Situation) -> str:
    """Return the text of a template in a situation. Raises TemplateError."""
    return "".join(_rendered(parse(text), situation))


def handles_in(text: str) -> list[str]:
    """Return the handles that a rendered text calls, in their order, each once. One needs white space before it."""
    return list(dict.fromkeys(_HANDLE.findall(text)))


def variables_in(nodes: Sequence[Node]) -> Iterator[str]:
    """Yield the names of the variables that a template uses, those of its conditions included."""
    for node in nodes:
        if isinstance(node, Variable):
            yield node.words[0] if len(node.words) == 1 else node.words[1]
        elif isinstance(node, Block):
            if node.name in _MATCHES and node.arguments:
                yield node.arguments[0]
            yield from variables_in(node.body)
            yield from variables_in(node.otherwise)


def _tokens(text: str) -> Iterator[str | re.Match[str]]:
    end = 0
    for match in _TAG.finditer(text):
        if match.start() > end:
            yield text[end : match.start()]
        yield match
        end = match.end()
    if end < len(text):
        yield text[end:]


def _until(name: str | None, tokens: Sequence[str | re.Match[str]], start: int) -> tuple[tuple[Node, ...], int]:
    """Read nodes up to what ends the block `name`: its end, or `{{else}}`; return them and the place of that."""
    nodes: list[Node] = []
    place = start
    while place < len(tokens):
        token = tokens[place]
        if isinstance(token, str):
            nodes.append(token)
        elif token["sign"] == "/" or token["inner"] == "else":
            if name is None or (token["sign"] == "/" and token["inner"] != name):
                raise TemplateError(
                    f"`{token[0]}` ends {f'`{name}`, which is open' if name else 'nothing that is open'}"
                )
            return tuple(nodes), place
        elif token["sign"]:
            block, place = _block(token, tokens, place)
            nodes.append(block)
        else:
            nodes.append(Variable(_words(token["inner"])))
        place += 1
    if name is not None:
        raise TemplateError(f"`{{{{#{name}}}}}` is never closed", hint=f"Write {{{{/{name}}}}} behind it")
    return tuple(nodes), place


def _block(token: re.Match[str], tokens: Sequence[str | re.Match[str]], place: int) -> tuple[Block, int]:
    name, *arguments = _words(token["inner"])
    if name not in CONDITIONS | _MATCHES:
        raise TemplateError(f"`{token[0]}`: there is no condition `{name}`")
    body, place = _until(name, tokens, place + 1)
    otherwise: tuple[Node, ...] = ()
    ended = tokens[place]
    if not isinstance(ended, str) and ended["sign"] != "/":
        otherwise, place = _until(name, tokens, place + 1)
        last = tokens[place]
        if not isinstance(last, str) and last["sign"] != "/":
            raise TemplateError(f"`{name}` has a second {{{{else}}}}")
    return Block(name, tuple(arguments), token["sign"] == "^", body, otherwise), place


def _words(text: str) -> tuple[str, ...]:
    return tuple(one or two or three for one, two, three in _WORDS.findall(text)) or ("",)


def _rendered(nodes: Sequence[Node], situation: Situation) -> Iterator[str]:
    for node in nodes:
        match node:
            case str():
                yield node
            case Variable(words):
                yield _value(words, situation.variables)
            case Block():
                yield from _rendered(
                    node.body if _holds(node, situation) != node.negated else node.otherwise, situation
                )


def _holds(block: Block, situation: Situation) -> bool:
    if block.name not in _MATCHES:
        return block.name in situation.conditions
    if not block.arguments:
        return False
    value = _plain(block.arguments[0], situation.variables)
    if block.name == "is_exact_match":
        return value in block.arguments[1:]
    return any(each.lower() in value.lower() if each else not value for each in block.arguments[1:])


def _plain(name: str, variables: Mapping[str, str]) -> str:
    return variables.get(re.sub(r"\[([^]]*)\]", r"\1", name), "")


def _value(words: tuple[str, ...], variables: Mapping[str, str]) -> str:
    if len(words) == 1:
        return _plain(words[0], variables)
    function = _FUNCTIONS.get(words[0])
    return function(words[1:], variables) if function else ""


def _evaluated(arguments: Sequence[str], variables: Mapping[str, str]) -> str:
    """Compute a sum, difference, product or quotient of numbers and variables."""
    try:
        number = _number(ast.parse(arguments[0].replace(" ", ""), mode="eval").body, variables)
    except (SyntaxError, ValueError, ZeroDivisionError, KeyError):
        return ""
    return str(int(number)) if float(number).is_integer() else str(number)


_OPERATIONS: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
}


def _number(node: ast.expr, variables: Mapping[str, str]) -> float:
    match node:
        case ast.Constant(value=int() | float() as value):
            return value
        case ast.Name(id=name):
            return float(variables[name])
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_number(operand, variables)
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _OPERATIONS:
            return _OPERATIONS[type(sign)](_number(left, variables), _number(right, variables))
    raise ValueError


def _local_time(arguments: Sequence[str], variables: Mapping[str, str]) -> str:
    try:
        at = datetime.fromtimestamp(float(variables[f"{arguments[0]}_epoch"]) / 1000, UTC)
        return at.astimezone(ZoneInfo(arguments[1])).strftime("%a %b %d %Y %H:%M:%S %Z")
    except (KeyError, IndexError, ValueError, OSError):
        return ""


def _encoded(arguments: Sequence[str], variables: Mapping[str, str]) -> str:
    return quote(_plain(arguments[0], variables), safe="")


_FUNCTIONS: Mapping[str, Callable[[Sequence[str], Mapping[str, str]], str]] = {
    "eval": _evaluated,
    "local_time": _local_time,
    "urlencode": _encoded,
}
