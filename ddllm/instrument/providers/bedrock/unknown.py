"""A family that ddllm does not know, or an id that does not name one: its bodies are read by the shape that they have."""

from collections.abc import Callable
from typing import TypeVar

from ddllm.instrument.providers.bedrock.families import KNOWN
from ddllm.instrument.providers.bedrock.family import Family
from ddllm.instrument.providers.bedrock.fields import Body
from ddllm.instrument.providers.bedrock.transcript import Transcript

_Fact = TypeVar("_Fact")

_TELLERS = tuple(dict.fromkeys(family.tell for family in KNOWN))


def _first(readers: tuple[Callable[[Body], _Fact | None], ...]) -> Callable[[Body], _Fact | None]:
    """Read with the first of the known families that finds something: their shapes have no key in common."""

    def read(event: Body) -> _Fact | None:
        return next((found for reader in readers if (found := reader(event)) is not None), None)

    return read


def _tell(event: Body, transcript: Transcript) -> None:
    """Tell with the first of the known families that has something to tell."""
    for tell in _TELLERS:
        heard = Transcript()
        tell(event, heard)
        if heard:
            tell(event, transcript)
            return


FAMILY = Family(
    name="unknown",
    ids=(),
    operation="chat",
    finish=_first(tuple(family.finish for family in KNOWN)),
    usage=_first(tuple(family.usage for family in KNOWN)),
    content=_first(tuple(family.content for family in KNOWN)),
    tell=_tell,
    hints=tuple(dict.fromkeys(hint for family in KNOWN for hint in family.hints)),
)

_BY_NAME = {family.name: family for family in (*KNOWN, FAMILY)}


def named(name: str) -> Family:
    """Return the family of that name, or this one."""
    return _BY_NAME.get(name, FAMILY)
