"""Datadog's own description of its API, and recordings of it: from the source distribution of the installed client.

`python -m tests.support.openapi` fetches them once into .cache/, which is not part of the repository. Tests that need them
are skipped where they are missing.
"""

import json
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any
from zlib import crc32

import jsonschema_rs
import pytest
import yaml

ROOT = Path(__file__).parents[2]
VERSION = version("datadog-api-client")

#: What ddllm asks of each version of the API.
_USED = {
    "v1": r"monitor|dashboard|validate|query|slo|notebooks|metrics|integration/(?:pagerduty|webhooks)",
    "v2": r"monitor/notification_rule|metrics|apm/config/retention-filters|spans/events",
}
_PATHS = "|".join(f"/api/{version}/(?:{paths})" for version, paths in _USED.items())
_PATH = re.compile(rf"(?:{_PATHS})(?:/|\Z)")
_RECORDED = re.compile(r"/tests/v[12]/cassettes/test_scenarios/test_(?P<name>[^/]+)\.yaml\Z")
_MENTIONED = re.compile(rf"uri: https://[^/]+(?:{_PATHS})(?:[/?\s]|\Z)".encode())

#: What was kept depends on what is read: another choice is another folder.
FOLDER = ROOT / ".cache" / f"datadog-api-client-{VERSION}-{crc32(f'named {_PATHS}'.encode()):08x}"
SPECIFICATION = FOLDER / "specification.json"
RECORDINGS = FOLDER / "recordings.json"


def fetch() -> None:
    """Download the source distribution and keep what the tests read. Does nothing where that is done."""
    if SPECIFICATION.exists() and RECORDINGS.exists():
        return
    with tempfile.TemporaryDirectory() as folder:
        download = [
            "download",
            "--quiet",
            "--timeout=20",
            "--retries=1",
            "--no-deps",
            "--no-binary",
            ":all:",
            "--dest",
            folder,
            f"datadog-api-client=={VERSION}",
        ]
        subprocess.run([sys.executable, "-m", "pip", *download], check=True)
        [archive] = Path(folder).glob("*.tar.gz")
        with tarfile.open(archive) as files:
            contents = {
                member.name: files.extractfile(member).read()
                for member in files
                if member.name.endswith("/openapi.yaml") or _RECORDED.search(member.name)
            }
    _keep(RECORDINGS, list(_all_exchanges(contents)))
    _keep(SPECIFICATION, {version: _specification(contents, version) for version in _USED})


def _all_exchanges(contents: dict[str, bytes]) -> Iterator[dict[str, Any]]:
    for name, text in sorted(contents.items()):
        recorded = _RECORDED.search(name)
        if recorded and _MENTIONED.search(text):
            yield from ({"recording": recorded["name"], **each} for each in _exchanges(_yaml(text)))


def _yaml(text: bytes) -> Any:
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def _keep(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(value, default=str))
    part.replace(path)


def _specification(contents: dict[str, bytes], version: str) -> Any:
    document = _yaml(next(text for name, text in contents.items() if name.endswith(f"schemas/{version}/openapi.yaml")))
    components = document["components"]
    paths = {path: item for path, item in document["paths"].items() if _PATH.match(path)}
    kept: dict[str, dict[str, Any]] = {}
    _add_components(paths, components, kept)
    return _as_json_schema({"paths": paths, "components": kept})


def _add_components(value: Any, components: dict[str, Any], kept: dict[str, dict[str, Any]]) -> None:
    """Keep the components that a value refers to, and those that they refer to."""
    if isinstance(value, list):
        for item in value:
            _add_components(item, components, kept)
    elif isinstance(value, dict):
        reference = value.get("$ref")
        if isinstance(reference, str):
            _, _, sort, name = reference.split("/")
            if name not in kept.setdefault(sort, {}):
                kept[sort][name] = components[sort][name]
                _add_components(components[sort][name], components, kept)
        for item in value.values():
            _add_components(item, components, kept)


def _as_json_schema(value: Any) -> Any:
    """Turn OpenAPI 3.0's `nullable` into JSON Schema, and leave out what validates nothing."""
    if isinstance(value, list):
        return [_as_json_schema(item) for item in value]
    if not isinstance(value, dict):
        return value
    result = {
        key: _as_json_schema(item)
        for key, item in value.items()
        if key not in {"description", "example", "examples", "x-enum-varnames"} or isinstance(item, dict)
    }
    if result.pop("nullable", False) is True:
        if "enum" in result:
            result["enum"] = [*result["enum"], None]
        return {"anyOf": [result, {"type": "null"}]}
    return result


def _exchanges(cassette: Any) -> Iterator[dict[str, Any]]:
    for interaction in cassette["interactions"]:
        request, response = interaction["request"], interaction["response"]
        path = re.sub(r"^https://[^/]+", "", request["uri"])
        if _PATH.match(path.partition("?")[0]):
            yield {
                "method": request["method"],
                "path": path,
                "sent": _json(request["body"]),
                "status": response["status"]["code"],
                "answer": _json(response["body"]["string"]),
            }


def _json(text: Any) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return None


def _loaded(path: Path) -> Any:
    if not path.exists():
        pytest.skip(f"{path.name} is not there; `python -m tests.support.openapi` fetches it")
    return json.loads(path.read_text())


@cache
def recordings() -> list[dict[str, Any]]:
    """Return recorded requests of Datadog's API and its answers, in the order of each `recording`."""
    return _loaded(RECORDINGS)


@cache
def specification() -> "Specification":
    """Return the description of Datadog's API."""
    return Specification(_loaded(SPECIFICATION))


@dataclass(frozen=True)
class Specification:
    """The API's description, as far as ddllm uses the API."""

    document: dict[str, Any]

    def request_problems(self, method: str, path: str, query: dict[str, str], body: Any) -> list[str]:
        """Return what is wrong with a request."""
        template, operation = self._operation(method, path)
        if operation is None:
            return ["the API has no such operation"]
        known = {each["name"] for each in operation.get("parameters", ()) if each.get("in") == "query"}
        problems = [f"unknown query parameter {name}" for name in query if name not in known]
        schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        if schema is None:
            return [*problems, *(["a body where none is taken"] if body is not None else [])]
        strange = [f"unknown field {name}" for name in self._unknown(path, schema, body)]
        return [*problems, *strange, *self._problems(path, f"{method} {template}", schema, body)]

    def _unknown(self, path: str, schema: Any, body: Any) -> list[str]:
        """Return the fields of a body that the description does not name, though it takes them."""
        known = self._fields(path, schema)
        return sorted(body.keys() - known) if isinstance(body, dict) and known else []

    def _fields(self, path: str, schema: Any) -> set[str]:
        if "$ref" in schema:
            return self._fields(path, self._version(path)["components"]["schemas"][schema["$ref"].split("/")[-1]])
        inner = [each for name in ("allOf", "oneOf", "anyOf") for each in schema.get(name, ())]
        return set(schema.get("properties", {})).union(*(self._fields(path, each) for each in inner))

    def answer_problems(self, method: str, path: str, status: int, body: Any) -> list[str]:
        """Return what is wrong with an answer."""
        template, operation = self._operation(method, path)
        assert operation is not None, (method, path)
        schema = operation["responses"][str(status)]["content"]["application/json"]["schema"]
        return self._problems(path, f"{method} {template} {status}", schema, body)

    def _problems(self, path: str, name: str, schema: Any, body: Any) -> list[str]:
        return [
            f"{each.instance_path}: {each.message}" for each in self._validator(path, name, schema).iter_errors(body)
        ]

    def _validator(self, path: str, name: str, schema: Any) -> Any:
        if name not in _VALIDATORS:
            components = self._version(path)["components"]
            _VALIDATORS[name] = jsonschema_rs.Draft4Validator({"allOf": [schema], "components": components})
        return _VALIDATORS[name]

    def _operation(self, method: str, path: str) -> tuple[str, Any]:
        paths = self._version(path)["paths"]
        exact = paths.get(path)
        if exact is not None:
            return path, self._with_parameters(path, exact.get(method.lower()))
        for template, item in paths.items():
            if re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", template), path):
                return template, self._with_parameters(path, item.get(method.lower()))
        return path, None

    def _with_parameters(self, path: str, operation: Any) -> Any:
        """Return an operation with the parameters that it refers to."""
        if operation is None:
            return None
        known = self._version(path)["components"].get("parameters", {})
        parameters = [
            known[each["$ref"].split("/")[-1]] if "$ref" in each else each for each in operation.get("parameters", ())
        ]
        return {**operation, "parameters": parameters}

    def _version(self, path: str) -> Any:
        return self.document[path.split("/")[2]]


_VALIDATORS: dict[str, Any] = {}


if __name__ == "__main__":
    try:
        fetch()
    except (OSError, subprocess.CalledProcessError):
        sys.stderr.write("Datadog's description of its API could not be fetched: the tests that need it are skipped\n")
