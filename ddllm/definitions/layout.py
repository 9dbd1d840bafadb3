"""Lays out a repository of definitions: the library, an example of ddllm.yaml, schemas, CI, and what a newcomer must know.

No file that is there already is written to, but for .gitignore, which gets the lines that it lacks. The files that do not
come from the library lie below starter/, as they will stand in the repository, with `@NAME@` in place of what varies.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Literal

from ddllm.definitions.document import parse
from ddllm.definitions.editing import put
from ddllm.definitions.library import library_folder
from ddllm.definitions.schemas import FOLDER, KINDS, kind_of, text
from ddllm.definitions.settings import SettingsFile
from ddllm.errors import ConfigError
from ddllm.version import VERSION

Ci = Literal["github", "gitlab", "none"]

_SETTINGS = "monitors/settings.yaml"
_IGNORED = ".gitignore"
_HEADER = re.compile(r"\A# yaml-language-server:[^\n]*\n")

#: Where the files of starter/ go.
_STARTER: Mapping[str, str] = {
    "ddllm.yaml": "ddllm.yaml",
    "README.md": "README.md",
    "pre-commit-config.yaml": ".pre-commit-config.yaml",
}
_CI: Mapping[Ci, Mapping[str, str]] = {
    "github": {"github/ddllm.yml": ".github/workflows/ddllm.yml"},
    "gitlab": {"gitlab/ddllm.yml": ".gitlab/ddllm.yml", "gitlab/gitlab-ci.yml": ".gitlab-ci.yml"},
    "none": {},
}


class State(StrEnum):
    """What became of a file."""

    WRITTEN = "written"
    ADDED = "added to"
    SAME = "there already"
    KEPT = "kept: it differs"


@dataclass(frozen=True, slots=True)
class Laid:
    """One file, by its path in the repository."""

    path: str
    state: State


def project_of(folder: Path) -> str:
    """Return a project's name made of a folder's: two teams that share an organisation must not share a name."""
    name = re.sub(r"[^a-z0-9]+", "-", folder.resolve().name.lower()).strip("-")
    return name if re.fullmatch(r"[a-z][a-z0-9-]{1,40}", name) else "llm-health"


def lay_out(folder: Path, *, project: str, team: str | None, ci: Ci) -> Iterator[Laid]:
    """Write what is not there yet, and yield what became of each file.

    Raises ConfigError for a name that a project or team cannot have, and where a file cannot be written.
    """
    for name, value in (("project", project), ("team", team)):
        _check_name(name, value)
    for path, content in _contents(project, team, ci).items():
        try:
            yield _laid(folder / path, path, content)
        except OSError as error:
            raise ConfigError(f"the file cannot be written: {error.strerror}", where=str(folder / path)) from None


def _check_name(name: str, value: str | None) -> None:
    pattern = next(
        each.pattern for each in SettingsFile.model_fields[name].metadata if getattr(each, "pattern", None) is not None
    )
    if value is not None and not re.search(pattern, value):
        raise ConfigError(f"`{value}` cannot be the name of a {name}", hint=f"It has the form {pattern}")


def _contents(project: str, team: str | None, ci: Ci) -> dict[str, str]:
    found = dict(_library(project, team))
    starter = files("ddllm.definitions") / "starter"
    for source, path in {**_STARTER, **_CI[ci]}.items():
        content = starter.joinpath(source).read_text(encoding="utf-8")
        found[path] = _headed(path, content.replace("@VERSION@", VERSION).replace("@PROJECT@", project))
    for kind in KINDS.values():
        found[f"{FOLDER}/{kind.name}.json"] = text(kind.schema())
    return {**found, _IGNORED: starter.joinpath("gitignore").read_text(encoding="utf-8")}


def _library(project: str, team: str | None) -> Iterator[tuple[str, str]]:
    root = library_folder()
    for folder in ("monitors", "dashboards"):
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and not path.name.startswith("."):
                name = path.relative_to(root).as_posix()
                content = path.read_text(encoding="utf-8")
                if name == _SETTINGS:
                    content = _settings(content, project, team)
                yield name, _headed(name, content)


def _settings(content: str, project: str, team: str | None) -> str:
    """Write the two names into settings.yaml, which holds an example of a team as a comment."""
    named = put(parse(content, _SETTINGS), ("project",), project)
    if team is None:
        return named
    given = re.sub(r"^# team: [\w./-]+", f"team: {team}", named, count=1, flags=re.MULTILINE)
    return given if given != named else put(parse(named, _SETTINGS), ("team",), team)


def _headed(path: str, content: str) -> str:
    """Return a file's content with the line that tells an editor its schema."""
    kind = kind_of(path)
    return f"{kind.header(path)}\n{_HEADER.sub('', content)}" if kind else content


def _laid(file: Path, path: str, content: str) -> Laid:
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
        return Laid(path, State.WRITTEN)
    held = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
    if path == _IGNORED:
        missing = [line for line in content.splitlines() if line not in held.splitlines()]
        if missing:
            file.write_text("\n".join([*held.splitlines(), *missing, ""]), encoding="utf-8")
            return Laid(path, State.ADDED)
        return Laid(path, State.SAME)
    return Laid(path, State.SAME if held == content else State.KEPT)
