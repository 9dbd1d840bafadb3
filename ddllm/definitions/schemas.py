"""JSON Schemas of the files that people write: an editor completes and checks them as they are typed.

They are made from the models that read the files. Where a file may hold variables, the text `${…}` stands in place of any
value. What only the whole repository can tell (references, thresholds against queries) is left to `ddllm validate`.
"""

import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, TypeAlias

from pydantic import BaseModel

from ddllm.definitions import dashboards, monitors, runbooks, slos
from ddllm.definitions.application import Application
from ddllm.definitions.monitor_tests import MonitorTestsFile
from ddllm.definitions.routing import RoutingFile
from ddllm.definitions.settings import SettingsFile
from ddllm.definitions.workload import PROMPT_SHAPES, WorkloadFile

Schema: TypeAlias = dict[str, Any]

#: Where a repository keeps the schemas, from its root.
FOLDER = PurePosixPath(".ddllm/schemas")

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_KEY = "^[a-z][a-z0-9-]{1,60}$"
_LOOP = {
    "type": "object",
    "description": "One variable and its items, a list or a mapping: one definition is made for each item",
    "minProperties": 1,
    "maxProperties": 1,
}
_VARIABLES = {"type": "object", "description": "Variables of this file, before those of settings.yaml"}
#: One whole variable, which keeps its type; and text with one in it.
_WHOLE: Schema = {"type": "string", "pattern": r"^\$\{[^{}:]+\}$", "description": "A variable: ${name}"}
_INSIDE: Schema = {"type": "string", "pattern": r"\$\{[^{}]+\}", "description": "Text with a variable: ${name}"}
#: What makes a text more than any text.
_LIMITS = frozenset({"enum", "const", "pattern", "format"})


@dataclass(frozen=True, slots=True)
class FileKind:
    """A kind of file. `shape` makes the schema of the whole file from that of the model, which its variables are let into."""

    name: str
    files: str
    model: type[BaseModel]
    shape: Callable[[Schema], Schema]

    def schema(self) -> Schema:
        """Make its schema."""
        made = self.shape(_tidied(self.model.model_json_schema()))
        definitions = made.pop("$defs", {})
        head = {"$schema": _DIALECT, "title": f"ddllm: {self.files}"}
        return {**head, **made, **({"$defs": definitions} if definitions else {})}

    def header(self, file: str) -> str:
        """Return the first line of a file, which tells an editor the schema; `file` is its path from the repository's root."""
        up = "../" * (len(PurePosixPath(file).parts) - 1)
        return f"# yaml-language-server: $schema={up}{FOLDER}/{self.name}.json"


def text(schema: Schema) -> str:
    """Return a schema as a file holds it."""
    return f"{json.dumps(schema, indent=2, ensure_ascii=False)}\n"


def kind_of(file: str) -> FileKind | None:
    """Return the kind of a file by its path from the repository's root; None for one that has no schema."""
    path = PurePosixPath(file)
    exact = next((each for each in KINDS.values() if each.files == file), None)
    if exact or path.suffix != ".yaml":
        return exact
    if path.parts[:2] in {("monitors", "runbooks"), ("monitors", "tests")}:
        return KINDS.get(path.parts[1])
    return KINDS.get(path.parts[0]) if len(path.parts) > 1 else None


# -- the shapes of whole files


def _plain(model: Schema) -> Schema:
    return model


def _with_variables(model: Schema) -> Schema:
    return _opened(model)


def _body(model: Schema) -> Schema:
    """Let variables into every value of a model, and secrets where the model has text."""
    return _opened(model)


def _one(model: Schema) -> Schema:
    """Make the schema of a file that holds one definition, under its key or as its body."""
    body = _opened(model)
    definitions = {**body.pop("$defs", {}), "Definition": body}
    reference = {"$ref": "#/$defs/Definition"}
    return {
        "if": {"minProperties": 1, "maxProperties": 1},
        "then": {"patternProperties": {_KEY: reference}, "additionalProperties": False},
        "else": reference,
        "$defs": definitions,
    }


def _by_key(model: Schema) -> Schema:
    """Make the schema of a file that holds definitions by key."""
    return _file_of(_opened(model), {})


def _by_key_with_variables(model: Schema) -> Schema:
    """Make the schema of a file that holds definitions by key, with variables of its own and `for_each`."""
    entry = _opened(model)
    entry["properties"] = {**entry["properties"], "for_each": _LOOP}
    return _file_of(entry, {"variables": _VARIABLES})


def _file_of(entry: Schema, properties: Schema) -> Schema:
    definitions = {**entry.pop("$defs", {}), "Definition": entry}
    return {
        "type": ["object", "null"],
        "properties": properties,
        "patternProperties": {_KEY if not properties else f"^(?!variables$){_KEY[1:]}": {"$ref": "#/$defs/Definition"}},
        "additionalProperties": False,
        "$defs": definitions,
    }


def _monitors(model: Schema) -> Schema:
    made = _by_key_with_variables(model)
    made["$defs"]["Definition"]["allOf"] = [_without(options, types) for options, types in _NOT_FOR]
    return made


#: Options that Datadog does not take of some types of monitors.
_SYNTHETICS = frozenset({"synthetics alert"})
_NOT_FOR: tuple[tuple[tuple[str, ...], frozenset[str]], ...] = (
    (("on_missing_data",), frozenset({"composite", "service check", "slo alert"})),
    (("thresholds", "threshold_windows"), frozenset({"composite"})),
    (
        ("min_failure_duration", "min_location_failed", "synthetics_check_id"),
        frozenset(monitors.MonitorType.__args__) - _SYNTHETICS,  # type: ignore[attr-defined]  # a Literal's values
    ),
)


def _without(options: tuple[str, ...], types: frozenset[str]) -> Schema:
    refused = {"properties": {"options": {"properties": dict.fromkeys(options, False)}}}
    return {"if": {"properties": {"type": {"enum": sorted(types)}}, "required": ["type"]}, "then": refused}


def _dashboards(model: Schema) -> Schema:
    """Look into widgets, and into those of groups: the model leaves them to code that names their places."""
    widget = _tidied(dashboards.Widget.model_json_schema())
    inner = {"type": {"type": "string"}, "widgets": {"type": "array", "items": {"$ref": "#/$defs/Widget"}}}
    widget["properties"]["definition"] = {"type": "object", "required": ["type"], "properties": inner}
    model["properties"]["widgets"]["items"] = {"$ref": "#/$defs/Widget"}
    return _by_key({**model, "$defs": {**model.get("$defs", {}), "Widget": widget}})


def _workload(model: Schema) -> Schema:
    """Look into prompts, which stand in the workload or in files that it names."""
    shapes = [_tidied(each.model_json_schema()) for each in PROMPT_SHAPES]
    inner = {name: each for shape in shapes for name, each in shape.pop("$defs", {}).items()}
    model["properties"]["prompts"]["items"] = {"anyOf": shapes}
    return {**model, "$defs": {**model.get("$defs", {}), **inner}}


_ALL = (
    FileKind("monitors", "monitors/*.yaml", monitors.Monitor, _monitors),
    FileKind("settings", "monitors/settings.yaml", SettingsFile, _plain),
    FileKind("routing", "monitors/routing.yaml", RoutingFile, _with_variables),
    FileKind("slos", "monitors/slos.yaml", slos.Slo, _by_key_with_variables),
    FileKind("routing", "monitors/routing.yaml", RoutingFile, _body),
    FileKind("runbooks", "monitors/runbooks/*.yaml", runbooks.Runbook, _one),
    FileKind("tests", "monitors/tests/*.yaml", MonitorTestsFile, _with_variables),
    FileKind("dashboards", "dashboards/*.yaml", dashboards.Dashboard, _dashboards),
    FileKind("ddllm", "ddllm.yaml", Application, _plain),
    FileKind("workload", "a workload of ddllm compare", WorkloadFile, _workload),
)

#: The kinds of files that have a schema, by name.
KINDS: Mapping[str, FileKind] = {each.name: each for each in _ALL}


# -- what pydantic makes, as people like to read it


def _tidied(schema: Schema) -> Schema:
    """Leave out titles, and defaults that say nothing; a docstring is one line of text."""
    made: Schema = deepcopy(schema)
    _tidy(made)
    return made


def _tidy(node: Any) -> None:
    if isinstance(node, list):
        for item in node:
            _tidy(item)
    if not isinstance(node, dict):
        return
    if isinstance(node.get("title"), str):
        del node["title"]
    if "default" in node and node["default"] in (None, [], {}, ""):
        del node["default"]
    if isinstance(node.get("description"), str):
        node["description"] = " ".join(node["description"].split())
    for item in node.values():
        _tidy(item)


def _opened(model: Schema) -> Schema:
    """Let variables into every value of a model, and of those inside it."""
    made = deepcopy(model)
    for each in (made, *made.get("$defs", {}).values()):
        _open_inside(each)
    return made


def _open_inside(node: Schema) -> None:
    for name, value in node.get("properties", {}).items():
        node["properties"][name] = _open(value)
    for name in ("items", "additionalProperties"):
        if isinstance(node.get(name), dict):
            node[name] = _open(node[name])


def _open(node: Schema) -> Schema:
    """Return the schema of a value that may be a variable as well."""
    _open_inside(node)
    choices = node.get("anyOf", [node])
    for choice in choices:
        if choice is not node:
            _open_inside(choice)
    if not node or any(_is_any_text(choice) for choice in choices):
        return node
    variable = _INSIDE if any(choice.get("type") == "string" for choice in choices) else _WHOLE
    if "anyOf" in node:
        return {**node, "anyOf": [*choices, variable]}
    said: Schema = {name: node.pop(name) for name in ("description", "default") if name in node}
    return {**said, "anyOf": [node, variable]}


def _is_any_text(node: Schema) -> bool:
    return node.get("type") == "string" and not _LIMITS & node.keys()
