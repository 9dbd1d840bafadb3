"""What the engine asks of a kind of object. One file under resources/ answers it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ddllm.api.datadog import Datadog
from ddllm.definitions.definition import Definition
from ddllm.sync.identity import Owner
from ddllm.sync.normalise import Body, Normaliser


@dataclass(frozen=True, slots=True)
class Remote:
    """An object of ours as Datadog holds it. `applied` is its second mark, `page` its address for people."""

    id: int | str
    key: str
    applied: str | None
    page: str
    body: Mapping[str, Any] = field(repr=False)


class Resource(Protocol):
    """One kind of object. Every method that takes the API may raise ApiError."""

    @property
    def kind(self) -> str:
        """What the command line and the definitions call it, in the plural."""

    @property
    def noun(self) -> str:
        """What a sentence calls one of them."""

    @property
    def normaliser(self) -> Normaliser:
        """When two of them are the same."""

    def wanted(self, definition: Definition, owner: Owner) -> Body:
        """Return what Datadog shall hold, the identity included, the second mark left out; references may be templates still."""

    def marked(self, body: Mapping[str, Any], mark: str) -> Body:
        """Return the body with its second mark."""

    def listing(self, api: Datadog, owner: Owner) -> Iterable[Remote]:
        """Read all objects of an owner, in a number of requests that does not grow with theirs; fields may be missing."""

    def find(self, api: Datadog, owner: Owner, key: str) -> Iterable[Remote]:
        """Read the objects with one identity: none, one, or a copy that somebody made beside it."""

    def read(self, api: Datadog, owner: Owner, identifier: int | str) -> Remote | None:
        """Read one object with all its fields; None where it is gone or no longer the owner's."""

    def refusal(self, held: Mapping[str, Any], wanted: Mapping[str, Any]) -> str | None:
        """Return why Datadog cannot turn one body into the other, None where it can."""

    def validate(self, api: Datadog, body: Mapping[str, Any], held: Remote | None) -> None:
        """Have Datadog check a body, without writing. Raises ApiError with its reason."""

    def create(self, api: Datadog, owner: Owner, body: Mapping[str, Any]) -> Remote:
        """Create. Raises DuplicateError, NoAnswerError."""

    def update(self, api: Datadog, owner: Owner, held: Remote, body: Mapping[str, Any]) -> Remote:
        """Replace."""
