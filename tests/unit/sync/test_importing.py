"""Objects made by hand become definitions that mean the same: tried on everything that was recorded of Datadog."""

import re
from typing import Any

import jsonschema_rs
import pytest

from ddllm.definitions import monitors, slos
from ddllm.definitions.document import parse
from ddllm.definitions.editing import append
from ddllm.definitions.schemas import KINDS
from ddllm.definitions.settings import Settings
from ddllm.definitions.variables import Layer, Scope, escaped
from ddllm.sync.compare import differences
from ddllm.sync.importing import Found
from ddllm.sync.resource import Importable, Resource
from ddllm.sync.resources import resources
from tests.support.openapi import recordings

SETTINGS = Settings("shop", "prod", None, "page", Scope((Layer({"env": "prod"}),)))
READ = {"monitors": monitors.read, "slos": slos.read}
PATHS = {"monitors": r"/api/v1/monitor(/\d+)?\Z", "slos": r"/api/v1/slo(/[0-9a-f]{32})?\Z"}


def recorded(kind: str) -> list[dict[str, Any]]:
    """Return what Datadog answered to writes."""
    found = []
    for each in recordings():
        if each["method"] in {"POST", "PUT"} and each["status"] == 200 and re.match(PATHS[kind], each["path"]):
            answer = each["answer"]
            found += answer.get("data", [answer])
    # Datadog keeps groups of several monitors; ddllm takes them of one alone.
    return [each for each in found if not each.get("groups") or len(each.get("monitor_ids") or ()) == 1]


@pytest.mark.parametrize("kind", PATHS)
def test_what_was_recorded_is_the_same_once_it_went_through_a_file(kind: str):
    resource = resources()[kind]
    assert isinstance(resource, Importable)
    bodies = recorded(kind)
    assert len(bodies) > 5
    schema = jsonschema_rs.validator_for(KINDS[kind].schema())
    for body in bodies:
        text = append("", "key", escaped(resource.exported(body)), "Imported")
        document = parse(text, "m.yaml")
        assert [str(each) for each in schema.iter_errors(document.value)] == [], text
        [definition] = READ[kind](document, SETTINGS)
        normaliser = resource.normaliser
        declared = normaliser.optional(definition.body)
        held = normaliser.canonical(body, declared)
        for change in differences(held, normaliser.canonical(definition.body, declared)):
            # Of old monitors Datadog holds no threshold; ddllm takes it from the query.
            assert any(path[: len(change.path)] == change.path for path in definition.source.derived), text


def found(name: str, kind: str = "monitors") -> Found:
    resource: Resource = resources()[kind]
    assert isinstance(resource, Importable)
    return Found(resource, resource, 7, "https://app.example/7", {"name": name})


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Checkout latency", "checkout-latency"),
        ("{{host.name}} is down!", "is-down"),
        ("[P1] Störung: 5xx > 2 %", "p1-st-rung-5xx-2"),
        ("5xx", "monitor-5xx"),
        ("高い", "monitor-7"),
        ("x" * 100, "x" * 58),
        ("Slow", "slow-3"),
    ],
)
def test_a_key_is_made_of_the_name(name: str, key: str):
    assert found(name).key({"slow", "slow-2"}) == key
