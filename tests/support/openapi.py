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
_PATHS = re.compile(r"/api/v1/(monitor|dashboard|validate|query)(/|\Z)")
_RECORDED = re.compile(
    r"/tests/v1/cassettes/test_scenarios/[^/]*(monitor|dashboard|query_timeseries_points)[^/]*\.yaml\Z"
)

#: What was kept depends on what is read: another choice is another folder.
_CHOICE = crc32(f"{_PATHS.pattern} {_RECORDED.pattern}".encode())
FOLDER = ROOT / ".cache" / f"datadog-api-client-{VERSION}-{_CHOICE:08x}"
SPECIFICATION = FOLDER / "v1.json"
RECORDINGS = FOLDER / "v1-recordings.json"


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
            members = {member.name: member for member in files if member.isfile()}
            _keep(
                SPECIFICATION,
                _specification(
                    _read(files, next(each for each in members if each.endswith("schemas/v1/openapi.yaml")))
                ),
            )
            _keep(
                RECORDINGS,
                [each for name in sorted(members) if _RECORDED.search(name) for each in _exchanges(_read(files, name))],
            )


def _read(files: tarfile.TarFile, name: str) -> Any:
    return yaml.load(files.extractfile(name), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def _keep(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(value, default=str))
    part.replace(path)


def _specification(document: Any) -> Any:
    paths = {path: item for path, item in document["paths"].items() if _PATHS.match(path)}
    return _as_json_schema({"paths": paths, "components": {"schemas": document["components"]["schemas"]}})


def _as_json_schema(value: Any) -> Any:
    """Turn OpenAPI 3.0's `nullable` into JSON Schema, and leave out what validates nothing."""
    if isinstance(value, list):
        return [_as_json_schema(item) for item in value]
    if not isinstance(value, dict):
        return value
    result = {
        key: _as_json_schema(item)
        for key, item in value.items()
        if key not in {"description", "example", "x-enum-varnames"} or isinstance(item, dict)
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
        if _PATHS.match(path.partition("?")[0]):
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
    """Return recorded requests of Datadog's v1 API and its answers."""
    return _loaded(RECORDINGS)


@cache
def specification() -> "Specification":
    """Return the description of Datadog's v1 API."""
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
        return [*problems, *self._problems(f"{method} {template}", schema, body)]

    def answer_problems(self, method: str, path: str, status: int, body: Any) -> list[str]:
        """Return what is wrong with an answer."""
        template, operation = self._operation(method, path)
        assert operation is not None, (method, path)
        schema = operation["responses"][str(status)]["content"]["application/json"]["schema"]
        return self._problems(f"{method} {template} {status}", schema, body)

    def _problems(self, name: str, schema: Any, body: Any) -> list[str]:
        return [f"{each.instance_path}: {each.message}" for each in self._validator(name, schema).iter_errors(body)]

    def _validator(self, name: str, schema: Any) -> Any:
        if name not in _VALIDATORS:
            _VALIDATORS[name] = jsonschema_rs.Draft4Validator(
                {**schema, "components": self.document["components"]}
                if "$ref" not in schema
                else {"allOf": [schema], "components": self.document["components"]}
            )
        return _VALIDATORS[name]

    def _operation(self, method: str, path: str) -> tuple[str, Any]:
        exact = self.document["paths"].get(path)
        if exact is not None:
            return path, exact.get(method.lower())
        for template, item in self.document["paths"].items():
            if re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", template), path):
                return template, item.get(method.lower())
        return path, None


_VALIDATORS: dict[str, Any] = {}


if __name__ == "__main__":
    try:
        fetch()
    except (OSError, subprocess.CalledProcessError):
        sys.stderr.write("Datadog's description of its API could not be fetched: the tests that need it are skipped\n")
