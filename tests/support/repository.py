"""A repository of definitions in a temporary folder."""

from pathlib import Path
from textwrap import dedent

SETTINGS = """
project: shop
default_env: prod
variables:
  limit: 2
envs:
  prod: {}
  staging: {max_severity: ticket, variables: {limit: 4}}
"""

MONITORS = """
slow:
  severity: page
  name: "Slow: over ${limit} s"
  type: query alert
  query: percentile(last_5m):p95:ddllm.ttft{env:${env}} by {service} > ${limit}
  message: People wait.
"""

#: Two members and their composite.
TRIO = """
fast:
  severity: none
  name: "Fast: over ${limit} s"
  type: query alert
  query: percentile(last_5m):p95:ddllm.ttft{env:${env}} by {service} > ${limit}
  options: {thresholds: {critical_recovery: 1}}
many:
  severity: none
  name: Many calls
  type: query alert
  query: sum(last_5m):sum:ddllm.requests{env:${env}} by {service}.as_count() >= 40
both:
  severity: page
  name: Slow for many
  type: composite
  query: ${monitor:fast} && ${monitor:many}
  message: People wait.
"""


class Repository:
    """Files below a folder; `write` replaces one."""

    def __init__(self, folder: Path, *, settings: str = SETTINGS, **files: str) -> None:
        self.folder = folder
        self.write("monitors/settings.yaml", settings)
        for name, text in files.items():
            self.write(f"monitors/{name}.yaml", text)

    def write(self, path: str, text: str) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text).lstrip("\n"), encoding="utf-8")

    def replace(self, path: str, old: str, new: str) -> None:
        file = self.folder / path
        text = file.read_text(encoding="utf-8")
        assert old in text, (old, text)
        file.write_text(text.replace(old, new), encoding="utf-8")
