"""A repository of definitions: the files below monitors/ and dashboards/, read for one environment and checked together."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from os.path import relpath
from pathlib import Path

from ddllm.api.connection import app_url
from ddllm.definitions import dashboards, monitors, runbooks, slos
from ddllm.definitions.definition import Definition
from ddllm.definitions.document import Document, Route, load
from ddllm.definitions.nearest import did_you_mean
from ddllm.definitions.notify import with_messages
from ddllm.definitions.problems import Problems
from ddllm.definitions.routing import Routing, load_routing
from ddllm.definitions.settings import Settings, load_settings
from ddllm.definitions.variables import Reference
from ddllm.errors import DefinitionError

#: Files and folders of monitors/ that hold something else than monitors.
_OTHER_FILES = frozenset({"settings.yaml", "routing.yaml", "slos.yaml"})
_OTHER_FOLDERS = frozenset({"runbooks", "tests"})

#: What holds the definitions of a repository, a folder or one file, and how it is read.
_READERS: Mapping[str, Callable[[Document, Settings], Sequence[Definition]]] = {
    "monitors": monitors.read,
    "monitors/slos.yaml": slos.read,
    "monitors/runbooks": runbooks.read,
    "dashboards": dashboards.read,
}


@dataclass(frozen=True)
class Project:
    """All definitions of a repository for one environment, in the order of files and keys."""

    name: str
    env: str
    definitions: tuple[Definition, ...]

    def of(self, kind: str) -> tuple[Definition, ...]:
        """Return the definitions of one kind."""
        return self._by_kind.get(kind, ())

    @cached_property
    def _by_kind(self) -> Mapping[str, tuple[Definition, ...]]:
        kinds = dict.fromkeys(each.kind for each in self.definitions)
        return {kind: tuple(each for each in self.definitions if each.kind == kind) for kind in kinds}


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
    settings = load_settings(root / "settings.yaml", env, shown=shown(root / "settings.yaml"))
    problems = Problems()
    found = list(_read_all(folder, settings, problems))
    routing = _read_routing(root / "routing.yaml", settings, problems)
    found += routing.definitions if routing else ()
    _check_keys(found, problems)
    if not len(problems):  # a definition that could not be read would be missed by its referrers
        _check_references(found, problems)
        _check_runbooks(found, problems)
        _check_rows(found, problems)
    if not len(problems):
        found = with_messages(found, routing, app_url(), settings.env, problems)
    problems.raise_any()
    return Project(settings.project, settings.env, tuple(_linked(found)))


def _read_all(folder: Path, settings: Settings, problems: Problems) -> Iterator[Definition]:
    for place, read in _READERS.items():
        for path in _files(folder / place, problems):
            with problems.caught():
                yield from read(load(path, shown=shown(path)), settings)


def _read_routing(path: Path, settings: Settings, problems: Problems) -> Routing | None:
    with problems.caught():
        return load_routing(path, settings, shown=shown(path))
    return None


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
                DefinitionError("the file is not read", where=shown(path), hint="Definition files end in .yaml")
            )
        elif path.suffix == ".yaml":
            yield path


def shown(path: Path) -> str:
    """Return the name of a file in messages: relative to the current folder, where it is below it."""
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
            message, hint = _refusal(each, reference, known)
            if message:
                problems.add(DefinitionError(message, where=str(each.where(reference)), hint=hint))


def _refusal(
    definition: Definition, reference: Reference, known: Mapping[tuple[str, str], Definition]
) -> tuple[str | None, str | None]:
    """Return what is wrong with a reference, and what was probably meant."""
    target = known.get(reference)
    if target is None:
        names = [key for kind, key in known if kind == reference.kind]
        return f"`{reference}` refers to nothing", did_you_mean(reference.key, names)
    if definition.body.get("type") == target.body.get("type") == "composite":
        return f"`{reference}` is a composite, which cannot be part of another one", None
    return None, None


def _check_runbooks(found: Iterable[Definition], problems: Problems) -> None:
    """Check the runbooks that monitors and other runbooks name."""
    known = {each.key for each in found if each.kind == runbooks.KIND}
    for each in found:
        for slug, route in _runbooks_of(each):
            if slug not in known:
                where = str(each.source.document.at((*each.source.route, *route)))
                hint = did_you_mean(slug, known) or f"It would be monitors/runbooks/{slug}.yaml"
                problems.add(DefinitionError(f"there is no runbook `{slug}`", where=where, hint=hint))


def _runbooks_of(definition: Definition) -> Iterable[tuple[str, Route]]:
    if isinstance(definition, runbooks.RunbookDefinition):
        return definition.elsewhere()
    if isinstance(definition, monitors.MonitorDefinition) and definition.runbook:
        return [(definition.runbook, ("runbook",))]
    return ()


def _check_rows(found: Iterable[Definition], problems: Problems) -> None:
    """Check the monitors that head rows of dashboards; the key of a `for_each` stands for all of its monitors."""
    keys = [each.key for each in found if each.kind == monitors.KIND]
    known = {*keys, *(key.partition("/")[0] for key in keys)}
    for each in found:
        for row in each.rows if isinstance(each, dashboards.DashboardDefinition) else ():
            for index, key in enumerate(row.monitors):
                if key not in known:
                    where = str(each.source.document.at((*row.route, "monitors", index)))
                    problems.add(
                        DefinitionError(f"there is no monitor `{key}`", where=where, hint=did_you_mean(key, known))
                    )


def _linked(found: Sequence[Definition]) -> Iterator[Definition]:
    """Tell each runbook which monitors name it, and which dashboards have a row for it or for one of them."""
    for each in found:
        if not isinstance(each, runbooks.RunbookDefinition):
            yield each
            continue
        slug = each.key
        named_by = (other for other in found if isinstance(other, monitors.MonitorDefinition) and other.runbook == slug)
        users = list(dict.fromkeys(other.key.partition("/")[0] for other in named_by))
        yield each.used_by(
            users,
            [
                str(other.body["title"])
                for other in found
                if isinstance(other, dashboards.DashboardDefinition)
                and any(
                    row.runbook == slug or {key.partition("/")[0] for key in row.monitors} & {*users}
                    for row in other.rows
                )
            ],
        )
