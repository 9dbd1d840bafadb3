"""Tests of monitors, run in this process: a repository with a few monitors, and files of tests for them."""

from collections.abc import Sequence
from pathlib import Path
from textwrap import dedent, indent

from ddllm.definitions.monitor_tests import files_of_tests
from ddllm.testing.cases import Suite, load_suite
from ddllm.testing.outcome import Outcome
from ddllm.testing.run import run
from tests.support.repository import SETTINGS, Repository

#: A count of bad calls by service, with everything a monitor can do; what is busy; both; one that Datadog alone can run.
WATCHED = """
errors:
  severity: page
  name: "Errors in {{service.name}}"
  type: query alert
  query: sum(last_2m):sum:ddllm.requests{env:${env},status:error} by {service}.as_count() > ${limit}
  message: |
    {{value}} calls of {{service.name}} failed ({{comparator}} {{threshold}}).
    {{#is_alert}}@pagerduty-shop{{/is_alert}}{{#is_warning}}@slack-shop{{/is_warning}}
    {{#is_no_data}}@slack-quiet{{/is_no_data}}{{#is_recovery}}@pagerduty-shop all well{{/is_recovery}}
  options:
    thresholds: {warning: 1, critical_recovery: 0}
    on_missing_data: show_and_notify_no_data
    new_group_delay: 0
busy:
  severity: none
  name: Busy
  type: query alert
  query: sum(last_2m):sum:ddllm.requests{env:${env}} by {service}.as_count() > 5
  options: {on_missing_data: resolve, new_group_delay: 0}
failing:
  severity: ticket
  name: "Failing: {{service.name}}"
  type: composite
  query: ${monitor:errors} && ${monitor:busy}
  message: "{{a.value}} errors among {{b.value}} calls @slack-tickets"
logs:
  severity: ticket
  name: Logs
  type: log alert
  query: logs("status:error").index("*").rollup("count").last("5m") > 5
  message: Look.
"""
BAD = '"ddllm.requests{env:prod,service:chat,status:error}"'
GOOD = '"ddllm.requests{env:prod,service:chat,status:ok}"'


class Trial:
    """A repository whose tests are `tests`, YAML of the list, or a whole file."""

    def __init__(self, folder: Path) -> None:
        self.repository = Repository(folder, settings=SETTINGS, watched=WATCHED)
        self.folder = folder

    def write(self, tests: str, name: str = "t", head: str = "monitors: [../watched.yaml]\nenv: prod\n") -> None:
        body = f"tests:\n{indent(dedent(tests).strip(), '  ')}\n"
        self.repository.write(f"monitors/tests/{name}.yaml", head + body)

    def expect(self, *expectations: str, values: str = "0x2 3x5 0x5", more: str = "", head: str = "") -> None:
        """Write one test: bad calls of one service a minute, and what is expected of them."""
        lines = "\n".join(f"  - {each}" for each in expectations)
        series = f"  series:\n  - {{metric: {BAD}, values: {values}}}\n{more}"
        self.write(f"- name: one\n{head}{series}\n  expect:\n{lines}")

    def suite(self) -> Suite:
        return load_suite(self.folder, files_of_tests(self.folder))

    def outcomes(self) -> Sequence[Outcome]:
        return [run(case) for case in self.suite().cases]

    def failures(self) -> list[str]:
        """Run, and return what fails."""
        return [failure.message for outcome in self.outcomes() for failure in outcome.failures]
