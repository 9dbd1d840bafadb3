"""A repository of definitions: the files below monitors/ and dashboards/, read for one environment and checked together."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from os.path import relpath
from pathlib import Path

from ddllm.definitions import dashboards, monitors, slos
from ddllm.definitions.definition import Definition
from ddllm.definitions.document import Document, load
from ddllm.definitions.nearest import did_you_mean
from ddllm.definitions.problems import Problems
from ddllm.definitions.settings import Settings, load_settings
from ddllm.errors import DefinitionError

#: Files and folders of monitors/ that hold something else than monitors.
_OTHER_FILES = frozenset({"settings.yaml", "routing.yaml", "slos.yaml"})
_OTHER_FOLDERS = frozenset({"runbooks", "tests"})

#: How the files of a folder, or one file, are read.
_READERS: dict[str, Callable[[Document, Settings], Sequence[Definition]]] = {
    "monitors": monitors.read,
    "monitors/slos.yaml": slos.read,
    "dashboards": dashboards.read,
}


@dataclass(frozen=True, slots=True)
class Project:
    """All definitions of a repository for one environment, in the order of files and keys."""

    name: str
    env: str
    definitions: tuple[Definition, ...]

    def of(self, kind: str) -> tuple[Definition, ...]:
        """Return the definitions of one kind."""
        return tuple(each for each in self.definitions if each.kind == kind)


def load_project(folder: Path, env: str | None = None) -> Project:
    """Read and check every definition below `folder`, offline.

    Raises DefinitionError where the folder holds no monitors/ or one thing is wrong, DefinitionListError with all of several.
    """
    root = folder / monitors.KIND
    if not root.is_dir():
        raise DefinitionError(
            f"there is no folder monitors/ in {folder.resolve()}",
            hint="Run ddllm in the folder that holds monitors/, or name that folder with --dir",
        )
    settings = load_settings(root / "settings.yaml", env, shown=_shown(root / "settings.yaml"))
    problems = Problems()
    found = list(_read_all(folder, settings, problems))
    _check_keys(found, problems)
    if not len(problems):  # a definition that could not be read would be missed by its referrers
        _check_references(found, problems)
        _check_runbooks(root / "runbooks", found, problems)
    problems.raise_any()
    return Project(settings.project, settings.env, tuple(found))


def _read_all(folder: Path, settings: Settings, problems: Problems) -> Iterator[Definition]:
    for place, read in _READERS.items():
        for path in _files(folder / place, problems):
            with problems.caught():
                yield from read(load(path, shown=_shown(path)), settings)


def _files(root: Path, problems: Problems) -> Iterator[Path]:
    if root.is_file():
        yield root
    for path in sorted(root.rglob("*")):
        inside = path.relative_to(root)
        if not path.is_file() or any(part.startswith(".") for part in inside.parts):
            continue
        if inside.parts[0] in _OTHER_FOLDERS or str(inside) in _OTHER_FILES:
            continue
        if path.suffix == ".yml":
            problems.add(
                DefinitionError("the file is not read", where=_shown(path), hint="Definition files end in .yaml")
            )
        elif path.suffix == ".yaml":
            yield path


def _shown(path: Path) -> str:
    relative = relpath(path)
    return str(path) if relative.startswith("..") else relative


def _check_keys(found: Iterable[Definition], problems: Problems) -> None:
    first: dict[tuple[str, str], Definition] = {}
    for each in found:
        other = first.setdefault((each.kind, each.key), each)
        if other is not each:
            where = str(each.source.position)
            problems.add(
                DefinitionError(
                    f"the key `{each.key}` is used twice, first at {other.source.position.short}", where=where
                )
            )


def _check_references(found: Sequence[Definition], problems: Problems) -> None:
    known = {(each.kind, each.key): each for each in found}
    for each in found:
        for reference in sorted(each.references):
            target = known.get(reference)
            where = str(each.source.document.find(each.source.route, str(reference)))
            if target is None:
                names = (key for kind, key in known if kind == reference.kind)
                problems.add(
                    DefinitionError(
                        f"`{reference}` refers to nothing", where=where, hint=did_you_mean(reference.key, names)
                    )
                )
            elif each.body.get("type") == target.body.get("type") == "composite":
                problems.add(
                    DefinitionError(f"`{reference}` is a composite, which cannot be part of another one", where=where)
                )


def _check_runbooks(folder: Path, found: Iterable[Definition], problems: Problems) -> None:
    known = {path.stem for path in folder.glob("*.yaml")}
    for each in found:
        if not isinstance(each, monitors.MonitorDefinition) or each.runbook is None or each.runbook in known:
            continue
        where = str(each.source.document.at((*each.source.route, "runbook")))
        hint = did_you_mean(each.runbook, known) or f"It would be {_shown(folder / f'{each.runbook}.yaml')}"
        problems.add(DefinitionError(f"there is no runbook `{each.runbook}`", where=where, hint=hint))
