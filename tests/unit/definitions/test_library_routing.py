"""The routes that ship: usable as they are, and their examples too once the comment signs are taken away."""

import re
from pathlib import Path

from ddllm.definitions.library import library_folder
from ddllm.definitions.monitors import MonitorDefinition
from ddllm.definitions.project import load_project
from ddllm.definitions.routing import Routing, load_routing
from ddllm.definitions.settings import load_settings

FOLDER = library_folder() / "monitors"


def read(path: Path) -> Routing:
    routing = load_routing(path, load_settings(FOLDER / "settings.yaml", None))
    assert routing is not None
    return routing


def test_each_monitor_that_notifies_has_a_route():
    everybody = [route.match.severity for route in read(FOLDER / "routing.yaml").file.routes]
    assert everybody == ["page", "ticket", "info"]
    monitors = load_project(library_folder()).of("monitors")
    severities = {each.severity for each in monitors if isinstance(each, MonitorDefinition)}
    assert severities == {*everybody, "none"}


def test_as_it_ships_no_secret_is_needed():
    assert read(FOLDER / "routing.yaml").definitions == ()


def test_the_examples_are_right(tmp_path: Path):
    """They stand before the routes for everybody, for the first that matches decides."""
    text = (FOLDER / "routing.yaml").read_text("utf-8")
    path = tmp_path / "routing.yaml"
    path.write_text(re.sub(r"(?m)^# (?=- \{|  +\S|pagerduty:|context:)", "", text), "utf-8")
    routing = read(path)
    assert [route.match.feature for route in routing.file.routes[:2]] == ["search", "search"]
    assert [each.key for each in routing.definitions if each.kind == "pagerduty"] == ["llm-platform", "search"]
    assert routing.webhook == "ddllm-llm-health-prod-context"
