"""Projects of one monitor, to lint."""

from pathlib import Path

import yaml

from ddllm.definitions.project import Project, load_project
from tests.support.repository import Repository

MONITOR = {"name": "n", "type": "query alert", "severity": "ticket", "message": "Look."}


def project(folder: Path, text: str, comment: str = "") -> Project:
    """Return a project with one monitor, `one`: a query alone, or fields of a monitor in YAML. `comment` goes above its key."""
    fields = (
        yaml.safe_load(text)
        if text.startswith(("type:", "query:", "name:", "severity:", "message:"))
        else {"query": text}
    )
    body = yaml.safe_dump({"one": {**MONITOR, **fields}}, sort_keys=False, width=1000)
    return load_project(Repository(folder, m=f"{comment}\n{body}" if comment else body).folder)
