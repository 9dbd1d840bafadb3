"""A project is linted whole: every query, errors first, ignores honoured and themselves looked at."""

from pathlib import Path

import pytest

from ddllm.definitions.library import library_folder
from ddllm.definitions.project import load_project
from ddllm.lint.finding import Finding, Severity
from ddllm.lint.run import lint
from tests.support.linting import project
from tests.support.repository import MONITORS, Repository

NOT_SUM = "avg(last_5m):sum:ddllm.requests{env:prod}.as_count() > 5"


def codes(found: list[Finding]) -> list[str]:
    return [each.code for each in found]


@pytest.mark.parametrize("env", ["prod", "staging"])
def test_nothing_is_found_in_the_library_that_ships(env: str):
    assert [str(each) for each in lint(load_project(library_folder(), env))] == []


def test_a_finding_names_its_place_its_query_and_what_to_write(tmp_path: Path):
    [found] = [each for each in lint(project(tmp_path, NOT_SUM)) if each.code == "count/not-sum"]
    assert (found.key, found.position.line, found.query, found.caret) == ("one", 6, NOT_SUM, 0)
    assert found.instead == "sum(last_5m):…"


def test_a_query_that_cannot_be_read_is_one_error_with_a_caret(tmp_path: Path):
    [found] = lint(project(tmp_path, "avg(last_5m):avg:a{*} => 5"))
    assert (found.code, found.severity) == ("syntax/parse", Severity.ERROR)
    assert found.caret is not None


def test_errors_come_first(tmp_path: Path):
    found = lint(project(tmp_path, NOT_SUM))
    assert [each.severity for each in found] == sorted((each.severity for each in found), reverse=True)


@pytest.mark.parametrize(
    "comment", ["# ddllm: ignore count/not-sum known since May", "#ddllm:ignore count/not-sum known"]
)
def test_an_ignore_above_the_key_ignores(tmp_path: Path, comment: str):
    assert "count/not-sum" not in codes(lint(project(tmp_path, NOT_SUM, comment)))


def test_an_ignore_inside_the_definition_ignores(tmp_path: Path):
    repository = Repository(
        tmp_path, m=f"one:\n  name: n\n  type: query alert\n  query: {NOT_SUM}  # ddllm: ignore count/not-sum known\n"
    )
    assert "count/not-sum" not in codes(lint(load_project(repository.folder)))


def test_an_ignore_of_another_definition_does_not(tmp_path: Path):
    text = f"one:\n  name: n\n  type: query alert\n  query: {NOT_SUM}\n# ddllm: ignore count/not-sum known\n"
    repository = Repository(tmp_path, m=text + MONITORS.lstrip())
    assert {"count/not-sum", "ignore/unused"} <= set(codes(lint(load_project(repository.folder))))


def test_an_ignore_at_an_slo_ignores_for_the_alerts_on_it(tmp_path: Path):
    slo = """
    # ddllm: ignore runbook/missing a sample
    good:
      name: n
      type: metric
      query: {numerator: "sum:ddllm.requests{status:ok}.as_count()", denominator: "sum:ddllm.requests{*}.as_count()"}
      thresholds: [{timeframe: 30d, target: 99}]
      burn_rate: {severity: page, fast: {long: 1h, short: 5m, rate: 14}}
    """
    repository = Repository(tmp_path, m="", slos=slo)
    assert not {"runbook/missing", "ignore/unused"} & set(codes(lint(load_project(repository.folder))))


def test_a_file_that_is_one_definition_is_linted_too(tmp_path: Path):
    repository = Repository(tmp_path, m="")
    text = "title: Slow\nimpact: People wait.\nsteps: {look: {ask: Is it one model?}}\n"
    repository.write("monitors/runbooks/slow.yaml", text)
    assert codes(lint(load_project(repository.folder))) == []


@pytest.mark.parametrize(
    ("comment", "code"),
    [
        ("# ddllm: ignore count/needs-as-count old", "ignore/unused"),
        ("# ddllm: ignore count/notsum old", "ignore/unknown"),
        ("# ddllm: ignore count/not-sum", "ignore/reason"),
    ],
)
def test_a_wrong_ignore_is_a_finding(tmp_path: Path, comment: str, code: str):
    found = [each for each in lint(project(tmp_path, NOT_SUM, comment)) if each.code == code]
    assert [(each.position.line, each.position.column) for each in found] == [(1, 1)]


def test_queries_of_dashboards_and_slos_are_looked_at(tmp_path: Path):
    repository = Repository(tmp_path, m=MONITORS)
    repository.write(
        "dashboards/d.yaml",
        """
        board:
          title: t
          layout_type: ordered
          widgets:
          - key: calls
            definition:
              type: timeseries
              requests:
              - queries: [{data_source: metrics, name: one, query: "p95:ddllm.cost{*}"}, {data_source: logs, name: two, query: "p95:ddllm.cost{*}"}]
        """,
    )
    repository.write(
        "monitors/slos.yaml",
        """
        good:
          name: n
          type: metric
          query: {numerator: "sum:ddllm.request{status:ok}.as_count()", denominator: "sum:ddllm.requests{*}.as_count()"}
          thresholds: [{timeframe: 30d, target: 99}]
        """,
    )
    found = {(each.key, each.code) for each in lint(load_project(repository.folder)) if each.severity is Severity.ERROR}
    assert found == {
        ("board", "count/needs-as-count"),
        ("board", "percentile/not-distribution"),
        ("good", "metric/unknown"),
    }
