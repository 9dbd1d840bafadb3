"""monitors/settings.yaml: what all definitions of a repository share."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from ddllm.definitions.document import Document, load
from ddllm.definitions.nearest import did_you_mean
from ddllm.definitions.shape import Shape, check
from ddllm.definitions.variables import Layer, Scope
from ddllm.errors import DefinitionError

Severity = Literal["page", "ticket", "info", "none"]

#: The severities, the loudest first.
SEVERITIES: tuple[Severity, ...] = ("page", "ticket", "info", "none")

_EnvName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,60}$")]


class Environment(Shape):
    """What one environment says otherwise; no alert of it is louder than `max_severity`."""

    variables: dict[str, Any] = Field(default_factory=dict)
    max_severity: Severity = "page"


class SettingsFile(Shape):
    """The shape of settings.yaml."""

    project: str = Field(pattern=r"^[a-z][a-z0-9-]{1,40}$")
    team: str | None = Field(default=None, pattern=r"^[a-z0-9][a-z0-9_./-]{0,100}$")
    default_env: _EnvName = "prod"
    variables: dict[str, Any] = Field(default_factory=dict)
    envs: dict[_EnvName, Environment | None] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settings:
    """settings.yaml, read for one environment."""

    project: str
    env: str
    team: str | None
    max_severity: Severity
    scope: Scope

    def capped(self, severity: Severity) -> Severity:
        """Return the severity as this environment allows it."""
        return max(severity, self.max_severity, key=SEVERITIES.index)


def load_settings(path: Path, env: str | None, *, shown: str | None = None) -> Settings:
    """Read settings.yaml for an environment, by default its own `default_env`."""
    if not path.is_file():
        raise DefinitionError(
            "the file is missing",
            where=shown or str(path),
            hint="It names the project: write `project: my-team-llm` into it",
        )
    document = load(path, shown=shown)
    file = check(SettingsFile, document.value, document, ())
    return _for_env(file, document, env or file.default_env)


def _for_env(file: SettingsFile, document: Document, env: str) -> Settings:
    if file.envs and env not in file.envs:
        raise DefinitionError(
            f"there is no environment `{env}`", where=str(document.key(("envs",))), hint=did_you_mean(env, file.envs)
        )
    environment = file.envs.get(env) or Environment()
    layers = (
        _layer(environment.variables, document, ("envs", env, "variables")),
        _layer(file.variables, document, ("variables",)),
        Layer({"env": env, "project": file.project}),
    )
    return Settings(file.project, env, file.team, environment.max_severity, Scope(layers))


def _layer(values: Mapping[str, Any], document: Document, route: tuple[str, ...]) -> Layer:
    check_names(values, document, route)
    return Layer(values, document, route)


def check_names(values: Mapping[str, Any], document: Document, route: tuple[str, ...]) -> None:
    """Refuse variables that would hide the two that always exist."""
    for name in ("env", "project"):
        if name in values:
            raise DefinitionError(
                f"the variable `{name}` always exists and cannot be written", where=str(document.key((*route, name)))
            )
