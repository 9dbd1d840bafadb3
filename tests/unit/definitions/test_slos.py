"""SLOs of a file, and the monitors on their burn rates."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from ddllm.definitions.definition import Definition
from ddllm.definitions.document import parse
from ddllm.definitions.monitors import MonitorDefinition
from ddllm.definitions.project import load_project
from ddllm.definitions.settings import load_settings
from ddllm.definitions.slos import read
from ddllm.definitions.variables import Reference, Template
from ddllm.errors import DefinitionError
from tests.support.repository import Repository

METRIC = {
    "name": "99 % of calls succeed",
    "type": "metric",
    "query": {"numerator": "sum:good{env:${env}}.as_count()", "denominator": "sum:all{*}.as_count()"},
    "thresholds": [{"timeframe": "30d", "target": 99.0}],
}
SLICES = {
    "name": "Fast",
    "type": "time_slice",
    "sli_specification": {"time_slice": {"comparator": "<", "threshold": "${limit}", "query": {}}},
    "thresholds": [{"timeframe": "30d", "target": 99}],
}
FAST = {"long": "1h", "short": "5m", "rate": 14.4}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def definitions(repository: Repository, env: str = "prod", **entries: Any) -> list[Definition]:
    settings = load_settings(repository.folder / "monitors" / "settings.yaml", env)
    return read(parse(yaml.safe_dump(entries, sort_keys=False), "slos.yaml"), settings)


def error(repository: Repository, **values: Any) -> str:
    base = SLICES if values.pop("slices", False) else METRIC
    entry = {name: value for name, value in {**base, **values}.items() if value is not None}
    with pytest.raises(DefinitionError) as caught:
        definitions(repository, good=entry)
    return str(caught.value)


def test_the_body_is_datadogs_with_variables_put_in(repository: Repository):
    [slo] = definitions(repository, fast=SLICES)
    assert (slo.kind, slo.key, slo.body["sli_specification"]["time_slice"]["threshold"]) == ("slos", "fast", 2)
    assert slo.body["tags"] == []


def test_a_team_becomes_a_tag_and_no_field(repository: Repository):
    [slo] = definitions(repository, good={**METRIC, "team": "search", "tags": ["a:b"]})
    assert slo.body["tags"] == ["a:b", "team:search"]
    assert "team" not in slo.body


def test_for_each_makes_an_slo_an_item(repository: Repository):
    found = definitions(repository, good={**METRIC, "for_each": {"model": ["a", "b"]}, "name": "Good: ${model}"})
    assert [(each.key, each.body["name"]) for each in found] == [("good/a", "Good: a"), ("good/b", "Good: b")]


def test_monitors_are_referred_to_by_key(repository: Repository):
    [slo] = definitions(
        repository, up={**METRIC, "type": "monitor", "query": None, "monitor_ids": ["${monitor:slow}", 5]}
    )
    assert slo.references == {Reference("monitors", "slow")}


def test_a_burn_rate_makes_a_monitor_on_the_slo(repository: Repository):
    rules = {"severity": "page", "fast": FAST, "runbook": "spend", "message": "People wait."}
    [_, alert] = definitions(repository, fast={**SLICES, "team": "search", "tags": ["a:b"], "burn_rate": rules})
    assert isinstance(alert, MonitorDefinition)
    assert (alert.kind, alert.key, alert.severity, alert.runbook) == ("monitors", "fast-burn-fast", "page", "spend")
    assert alert.body == {
        "name": "Error budget burns fast: Fast",
        "type": "slo alert",
        "query": Template(
            ('burn_rate("', Reference("slos", "fast"), '").over("30d").long_window("1h").short_window("5m") > 14.4')
        ),
        "message": "People wait.\n\nThe target is 99 % over 30 days: Fast. In the last 1h, and still in the last 5m, its error "
        "budget was spent more than 14.4 times too fast. At that rate a full budget lasts 50 hours.",
        "tags": ["a:b", "team:search", "severity:page"],
        "options": {"thresholds": {"critical": 14.4}},
        "priority": 2,
    }


def test_a_slow_burn_may_be_less_loud(repository: Repository):
    slow = {"long": "6h", "short": "30m", "rate": 6, "severity": "ticket"}
    found = definitions(repository, fast={**SLICES, "burn_rate": {"severity": "page", "fast": FAST, "slow": slow}})
    alerts = [each for each in found if isinstance(each, MonitorDefinition)]
    assert [(each.key, each.severity) for each in alerts] == [("fast-burn-fast", "page"), ("fast-burn-slow", "ticket")]
    assert "a full budget lasts 5.0 days" in alerts[1].body["message"]


def test_an_environment_caps_the_severity_of_burn_alerts(repository: Repository):
    found = definitions(repository, "staging", fast={**SLICES, "burn_rate": {"severity": "page", "fast": FAST}})
    assert [each.severity for each in found if isinstance(each, MonitorDefinition)] == ["ticket"]


def test_burn_alerts_use_the_timeframe_that_is_named(repository: Repository):
    thresholds = [{"timeframe": "7d", "target": 99}, {"timeframe": "90d", "target": 99}]
    rules = {"severity": "page", "fast": FAST, "timeframe": "90d"}
    [_, alert] = definitions(repository, fast={**SLICES, "thresholds": thresholds, "burn_rate": rules})
    assert '.over("90d")' in str(alert.body["query"])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"type": "uptime"}, "slos.yaml:3:9: `type` should be 'metric', 'time_slice' or 'monitor'"),
        ({"qurey": {}}, "slos.yaml:10:3: unknown key `qurey`. Did you mean `query`?"),
        ({"thresholds": []}, "slos.yaml:7:15: `thresholds` must not be empty"),
        ({"thresholds": [{"timeframe": "30d", "target": 101}]}, "slos.yaml:9:13: `thresholds.0.target` should be less than or equal to 100"),
        ({"thresholds": [{"timeframe": "30d", "target": 99, "warning": 98}]}, "slos.yaml:10:14: `warning` is 98, and has to be above the target, 99"),
        ({"thresholds": [{"timeframe": "7d", "target": 99}] * 2}, "slos.yaml:"),
        ({"query": None}, "slos.yaml:3:3: an SLO of type metric is measured by `query` or `sli_specification`, and by nothing else"),
        ({"monitor_ids": [5]}, "slos.yaml:10:3: an SLO of type metric is measured by `query` or `sli_specification`, and by nothing else"),
        ({"query": None, "sli_specification": {"time_slice": {}}}, "slos.yaml:7:3: `sli_specification` of an SLO of type metric holds `count`"),
        ({"query": {"numerator": "sum:a{*}", "denominator": "sum:b{*}.as_count()"}}, "slos.yaml:5:5: `query.numerator` counts events, so it needs `.as_count()`"),
        ({"type": "monitor", "query": None, "monitor_ids": ["slow"]}, "slos.yaml:8:5: `slow` is not the id of a monitor. Write `${monitor:KEY}`, or a number"),
        ({"type": "monitor", "query": None, "monitor_ids": [1, 2], "groups": ["a:b"]}, "slos.yaml:10:3: `groups` is for an SLO of one monitor"),
        ({"tags": ["Team:Search"]}, "slos.yaml:11:5: the tag `Team:Search` of an SLO must be in small letters"),
        ({"tags": ["ddllm:shop/prod/x"]}, "slos.yaml:11:5: the tag `ddllm:shop/prod/x` is one by which ddllm knows its own objects"),
        ({"for_each": {"model": ["Nova"]}}, "slos.yaml:1:1: the key `good/Nova` of an SLO must be in small letters"),
        ({"burn_rate": {"severity": "page"}}, "slos.yaml:10:3: `burn_rate.fast` is missing"),
        ({"burn_rate": {"severity": "page", "fast": {**FAST, "long": "72h"}}}, "slos.yaml:13:7: `long` has to be from 1h to 48h"),
        ({"burn_rate": {"severity": "page", "fast": {**FAST, "short": "60m"}}}, "slos.yaml:14:7: `short` has to be below `long`, 1h"),
        ({"burn_rate": {"severity": "page", "fast": {**FAST, "rate": 101}}}, "slos.yaml:15:7: `rate` is 101, and an SLO with the target 99 % cannot burn faster than 100"),
        ({"burn_rate": {"severity": "page", "fast": FAST, "timeframe": "7d"}}, "slos.yaml:16:5: `burn_rate.timeframe` is 7d, which is not in `thresholds`"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_place(repository: Repository, values: dict[str, Any], message: str):
    assert error(repository, **values).startswith(message)


def test_a_repository_reads_its_slos_with_the_rest(repository: Repository):
    repository.write(
        "monitors/slos.yaml", yaml.safe_dump({"fast": {**SLICES, "burn_rate": {"severity": "page", "fast": FAST}}})
    )
    project = load_project(repository.folder)
    assert [each.key for each in project.of("slos")] == ["fast"]
    assert [each.key for each in project.of("monitors")] == ["fast-burn-fast"]


def test_an_alert_on_an_slo_that_does_not_exist_is_named(repository: Repository):
    repository.write(
        "monitors/a.yaml",
        """
        budget:
          severity: none
          name: Budget
          type: slo alert
          query: error_budget("${slo:fsat}").over("30d") > 75
        """,
    )
    repository.write("monitors/slos.yaml", yaml.safe_dump({"fast": SLICES}))
    with pytest.raises(DefinitionError, match=r"`\$\{slo:fsat\}` refers to nothing\. Did you mean `fast`\?"):
        load_project(repository.folder)
