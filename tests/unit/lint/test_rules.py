"""Each rule finds its bad example, and neither it nor another error is in its good one."""

from pathlib import Path

import pytest

from ddllm.lint.finding import Severity
from ddllm.lint.rules import Rule, rules
from ddllm.lint.run import lint
from tests.support.linting import project

RULES = {rule.code: rule for rule in rules()}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_its_bad_example_is_found(rule: Rule, tmp_path: Path):
    found = list(lint(project(tmp_path, rule.bad), [rule]))
    assert [each.code for each in found] == [rule.code] * len(found) != []
    assert all(each.severity is rule.severity for each in found)
    assert all(each.query is None or 0 <= (each.caret or 0) <= len(each.query) for each in found)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_its_good_example_is_good(rule: Rule, tmp_path: Path):
    found = lint(project(tmp_path, rule.good))
    assert [each for each in found if each.code == rule.code or each.severity is Severity.ERROR] == []


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_it_is_explained(rule: Rule):
    assert rule.summary.endswith((".", ":"))
    assert rule.bad
    assert rule.good
    assert "\n" not in rule.summary
