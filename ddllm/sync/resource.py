"""What the engine asks of a kind of object. One file under resources/ answers it."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Protocol, runtime_checkable

from ddllm.api.datadog import Datadog
from ddllm.definitions.definition import Definition
from ddllm.definitions.document import Route
from ddllm.sync.compare import Comparison, compare
from ddllm.sync.identity import Owner
from ddllm.sync.normalise import Body, Normaliser, Path


@dataclass(frozen=True, slots=True)
class Remote:
    """An object of ours as Datadog holds it.

    `applied` is its second mark, `page` its address for people, `created` something that sorts older objects first.
    `is_as_wanted` says that it was compared with its definition when it was read, and nothing is to be written.
    """

    id: int | str
    key: str
    applied: str | None
    page: str
    body: Mapping[str, Any] = field(repr=False)
    created: str = ""
    is_as_wanted: bool = False


def released(held: Remote, body: Mapping[str, Any]) -> Remote:
    """Return an object as a write left it that took the marks off: the undoing of an import."""
    return replace(held, applied=None, body=body)


class Resource(Protocol):
    """One kind of object. Every method that takes the API may raise ApiError. What has a body here is what most kinds do."""

    #: What the command line and the definitions call it, in the plural.
    kind: ClassVar[str]
    #: What a sentence calls one of them.
    noun: ClassVar[str]
    #: When two of them are the same.
    normaliser: ClassVar[Normaliser]
    #: Kinds of a lower rank are written first, as far as references leave it open: what others name in text goes before them.
    rank: ClassVar[int] = 50
    #: Whether the object has a place for the second mark. Without one, drift cannot be told from a config change.
    has_mark: ClassVar[bool] = True
    #: Whether it belongs to a project and environment. What an organisation shares is never deleted, and wishes add up.
    is_owned: ClassVar[bool] = True
    #: Whether a listing finds all there is, so that a second one looks for what seems to be new. One that goes by a tag may
    #: miss what lost it, which is then looked for by identity.
    lists_all: ClassVar[bool] = False
    #: Whether its list is believed to show an object as soon as it was made: one that does not is not to be trusted, and nothing
    #: else tells whether there is a twin.
    lists_at_once: ClassVar[bool] = False
    #: Whether Datadog itself refuses a second one. Where it does not, a create is followed by a look for a twin.
    is_unique: ClassVar[bool] = False
    #: Fields that may hold a secret: left out of journals, snapshots and outputs.
    hidden: ClassVar[frozenset[str]] = frozenset()
    #: What stands for the id of one that does not exist in a link: the page that lists them. None: a reference must be fulfilled.
    stand_in: ClassVar[str | None] = None

    def compared(self, wanted: Mapping[str, Any], held: Remote) -> Comparison:
        """Compare what is wanted with what Datadog holds."""
        return compare(self.normaliser, wanted, held.body, held.applied, has_mark=self.has_mark)

    def everything(self, held: Remote) -> str:
        """Return a hash of all that may be written of an object, to tell whether it is still the same."""
        return f"{self.normaliser.mark_of(held.body)}+{held.applied or ''}"

    def wanted(self, definition: Definition, owner: Owner) -> Body:
        """Return what Datadog shall hold, the identity included, the second mark left out; references and secrets may be templates."""

    def marked(self, body: Mapping[str, Any], mark: str) -> Body:
        """Return the body with its second mark."""

    def marks(self, body: Mapping[str, Any]) -> Sequence[str]:  # noqa: ARG002 - for kinds that have marks
        """Return the marks that an object carries, whosesoever."""
        return ()

    def listing(self, api: Datadog, owner: Owner) -> Iterable[Remote]:
        """Read all objects of an owner, in a number of requests that does not grow with theirs; fields may be missing."""

    def find(self, api: Datadog, owner: Owner, key: str) -> Iterable[Remote]:
        """Read the objects with one identity: none, one, or a copy that somebody made beside it."""

    def find_many(self, api: Datadog, owner: Owner, keys: Collection[str]) -> Iterable[Remote] | None:  # noqa: ARG002 - as above
        """Read the objects with many identities in fewer requests than one each; None where a kind cannot."""
        return None

    def is_listed(self, held: Remote) -> bool:  # noqa: ARG002 - for kinds that need it
        """Return whether a listing has to hold an object that was found by its identity; not so where it lost what it is listed by."""
        return self.lists_all

    def read(self, api: Datadog, owner: Owner, identifier: int | str) -> Remote | None:
        """Read one object with all its fields; None where it is gone or no longer the owner's."""

    def pending(self, definition: Definition) -> str | None:  # noqa: ARG002 - as above
        """Return why an object that does not exist cannot be created by us and has to be waited for, None where it can."""
        return None

    def refusal(self, held: Mapping[str, Any], wanted: Mapping[str, Any]) -> str | None:  # noqa: ARG002 - as above
        """Return why Datadog cannot turn one body into the other, None where it can."""
        return None

    def validate(self, api: Datadog, body: Mapping[str, Any], held: Remote | None) -> None:  # noqa: ARG002 - as above
        """Have Datadog check a body, without writing. Raises ApiError with its reason."""
        return

    def create(self, api: Datadog, owner: Owner, body: Mapping[str, Any]) -> Remote:
        """Create. Raises DuplicateError, NoAnswerError."""

    def update(self, api: Datadog, owner: Owner, held: Remote, body: Mapping[str, Any]) -> Remote:
        """Replace."""

    def blocked(self, api: Datadog, remotes: Sequence[Remote]) -> Mapping[int | str, str]:  # noqa: ARG002 - as above
        """Return those of the objects that Datadog would not delete, with its reasons: others use them."""
        return {}

    def delete(self, api: Datadog, held: Remote) -> None:
        """Delete; one that is gone already is fine."""


@runtime_checkable
class Importable(Protocol):
    """A kind whose objects can be taken over from whoever made them by hand."""

    def identifier(self, text: str) -> int | str | None:
        """Return the id that a text names, a bare id or the address of a page; None where it names none of this kind."""

    def fetch(self, api: Datadog, identifier: int | str) -> Mapping[str, Any] | None:
        """Read anybody's object; None where there is none."""

    def exported(self, body: Mapping[str, Any]) -> Body:
        """Return an object as a definition file writes it: without ids, times, marks, and what Datadog adds by itself."""

    def named(self, written: Body, keys: Callable[[], Mapping[str, str]]) -> Body:  # noqa: ARG002 - for kinds that need it
        """Return what is written of an object with references in place of the ids of monitors; `keys` asks Datadog for their keys."""
        return written

    def home(self, key: str) -> str:
        """Return the file that a new definition goes to, from the repository's root; one that exists is added to."""

    def page(self, api: Datadog, identifier: int | str) -> str:
        """Return the address of an object for people."""

    def places(self, definition: Definition, owner: Owner) -> Mapping[Path, Route]:  # noqa: ARG002 - for kinds that need it
        """Return where in the definition the parts stand that are compared under another path than the file's."""
        return {}
