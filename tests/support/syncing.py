"""Syncs a repository with an organisation in this process: reads, decides, checks and writes as the command does."""

from collections.abc import Mapping
from pathlib import Path

from ddllm.api.datadog import Datadog
from ddllm.cli._definitions import wish_of
from ddllm.definitions.project import load_project
from ddllm.sync.apply import Outcome, Writer, apply_plan
from ddllm.sync.journal import Journal
from ddllm.sync.plan import Plan
from ddllm.sync.resources import resources
from ddllm.sync.session import check, decide, read


class Syncing:
    """Syncs one kind of object of the repository in a folder."""

    def __init__(
        self,
        datadog: Datadog,
        folder: Path,
        kind: str,
        environ: Mapping[str, str] | None = None,
        env: str | None = None,
    ) -> None:
        self.datadog = datadog
        self.folder = folder
        self.kind = kind
        self.environ = environ or {}
        self.env = env

    def plan(self, *, prune: bool = False, rotate: bool = False) -> Plan:
        """Decide, and have it checked."""
        project = load_project(self.folder, self.env)
        wish = wish_of(project, {self.kind: resources()[self.kind]}, prune=prune, rotate=rotate)
        plan = decide(wish, read(self.datadog, wish, lambda _text: None))
        check(self.datadog, wish, plan, lambda _text: None)
        return plan

    def sync(self, **options: bool) -> list[Outcome]:
        """Write what differs."""
        plan = self.plan(**options)
        journal = Journal(self.folder, plan.owner)
        writer = Writer(self.datadog, resources(), plan.owner, journal, self.environ, lambda _seconds: None)
        return apply_plan(writer, plan, lambda _outcome: None)
