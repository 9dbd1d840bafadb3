"""`# ddllm: ignore count/not-sum why`: findings that somebody knows of.

The comment stands inside the definition that it is about, or above its key. It needs a reason, and one that ignores nothing
any more is a finding itself: what was mended must not hide what comes later.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from ddllm.definitions.definition import Definition
from ddllm.definitions.document import Document, Position
from ddllm.definitions.nearest import did_you_mean
from ddllm.definitions.project import Project
from ddllm.lint.finding import Finding, Severity

_COMMENT = re.compile(r"#\s*ddllm:\s*ignore\b\s*(?P<code>[\w/-]*)[ \t]*(?P<reason>.*)")


@dataclass(frozen=True, slots=True)
class _Ignore:
    code: str
    reason: str
    key: str
    position: Position


class Ignores:
    """The comments of a project's files. `codes` are those of all rules, `unasked` those of rules that do not run."""

    def __init__(self, project: Project, codes: Collection[str], unasked: Collection[str] = ()) -> None:
        self._codes = codes
        self._unasked = unasked
        self._ignores = [
            ignore for document, definitions in _files(project) for ignore in _comments(document, definitions)
        ]
        self._owners = {
            (each.source.document.file, each.key): _top(each) for each in project.definitions if each.source.route
        }
        self._used: set[_Ignore] = set()

    def take(self, finding: Finding) -> bool:
        """Return whether a finding is ignored."""
        owner = self._owners.get((finding.position.file, finding.key))
        taken = [
            each
            for each in self._ignores
            if each.code == finding.code and each.key == owner and each.position.file == finding.position.file
        ]
        self._used.update(taken)
        return bool(taken)

    def faults(self, *, unused: bool) -> Iterator[Finding]:
        """Yield what is wrong with the comments themselves."""
        for each in self._ignores:
            if each.code not in self._codes:
                hint = did_you_mean(each.code, self._codes)
                yield self._fault("ignore/unknown", Severity.ERROR, each, f"there is no rule `{each.code}`", hint)
            elif not each.reason:
                yield self._fault("ignore/reason", Severity.WARNING, each, f"nobody says why `{each.code}` is ignored")
            elif unused and each not in self._used and each.code not in self._unasked:
                yield self._fault("ignore/unused", Severity.WARNING, each, f"`{each.code}` finds nothing here any more")

    @staticmethod
    def _fault(code: str, severity: Severity, each: _Ignore, message: str, instead: str | None = None) -> Finding:
        return Finding(code, severity, each.key, each.position, message, instead or None)


def _files(project: Project) -> Iterator[tuple[Document, list[Definition]]]:
    by_file: dict[str, tuple[Document, list[Definition]]] = {}
    for each in project.definitions:
        document = each.source.document
        by_file.setdefault(document.file, (document, []))[1].append(each)
    yield from by_file.values()


def _top(definition: Definition) -> str:
    """Return the key in the file: one comment stands for every item of a `for_each`, and for the alerts of an SLO."""
    return str(definition.source.route[0])


def _comments(document: Document, definitions: list[Definition]) -> Iterator[_Ignore]:
    starts = sorted({(document.key((_top(each),)).line, _top(each)) for each in definitions if each.source.route})
    lines = document.text.split("\n")
    for number, line in enumerate(lines, start=1):
        found = _COMMENT.search(line)
        if found is None:
            continue
        key = _owner(number, lines, starts)
        if key is not None:
            position = Position(document.file, number, found.start() + 1)
            yield _Ignore(found["code"], found["reason"].strip(), key, position)


def _owner(number: int, lines: list[str], starts: list[tuple[int, str]]) -> str | None:
    """Return the key of the definition that a comment is about: the one that it stands above or in."""
    following = number
    while following <= len(lines) and lines[following - 1].lstrip().startswith("#"):
        following += 1
    at = next((key for line, key in starts if line == following), None)
    return at or next((key for line, key in reversed(starts) if line <= number), None)
