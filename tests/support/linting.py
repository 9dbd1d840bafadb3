"""Projects to lint, from the examples of rules."""

from pathlib import Path
from typing import Any

import yaml

from ddllm.definitions.project import Project, load_project
from ddllm.definitions.thresholds import trailing_comparison
from tests.support.repository import Repository

MONITOR = {"name": "n", "type": "query alert", "severity": "ticket", "message": "Look."}


def project(folder: Path, text: str, comment: str = "") -> Project:
    """Return the project of an example. `comment` goes above the key of a single monitor, `one`.

    The example is a query alone, of a monitor or of a widget, or YAML: fields of a monitor; several monitors by key, SLOs
    (which have `thresholds`) and what stands in routing.yaml among them.
    """
    value = yaml.safe_load(text) if "\n" in text or text.startswith("query:") else text
    files: dict[str, Any] = {"m": {}, "slos": {}, "routing": {}}
    if isinstance(value, str):
        value = {"query": value} if trailing_comparison(value) else {}
    for key, body in ({"one": value} if "query" in value else value).items():
        if key in {"routes", "pagerduty"}:
            files["routing"][key] = body
        elif "thresholds" in body:
            files["slos"][key] = body
        else:
            files["m"][key] = {**MONITOR, **body}
    texts = {name: yaml.safe_dump(file, sort_keys=False, width=1000) for name, file in files.items() if file}
    repository = Repository(folder, **{"m": "", **texts})
    if comment:
        repository.write("monitors/m.yaml", f"{comment}\n{texts['m']}")
    if not value:
        query = {"data_source": "metrics", "name": "q", "query": text}
        widget = {"key": "w", "definition": {"type": "timeseries", "requests": [{"queries": [query]}]}}
        board = {"title": "t", "layout_type": "ordered", "widgets": [widget]}
        repository.write("dashboards/board.yaml", yaml.safe_dump({"board": board}, width=1000))
    return load_project(repository.folder)
