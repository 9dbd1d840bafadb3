"""Each rule finds its bad example, and neither it nor another error is in its good one."""

from pathlib import Path

import pytest

from ddllm.definitions.problems import DefinitionListError
from ddllm.errors import DefinitionError
from ddllm.lint.finding import Severity
from ddllm.lint.rules import Rule, refusing, rules
from ddllm.lint.run import lint
from tests.support.linting import project

RULES = {rule.code: rule for rule in rules() if not rule.is_live}

#: The codes are in users' files, in comments that ignore them: one that goes breaks those.
CODES = """
aggregate/avg-of-sum aggregate/minmax-direction anomaly/history anomaly/interval anomaly/low-is-normal anomaly/no-floor
anomaly/season anomaly/windows change/sparse composite/groups count/gauge count/needs-as-count count/not-sum count/rate-ratio
count/ratio-mixed delay/backfilled fragile/top function/arguments function/nesting function/not-in-monitors function/unknown
group/duplicate-key group/message-variable group/missing-tag group/notify-by group/storm message/syntax message/unknown-variable
metric/capped-filter metric/cardinality-wildcard metric/not-reporting metric/unknown nodata/default-zero-alerts
nodata/default-zero-blind nodata/default-zero-policy nodata/notify-unhandled nodata/silence-uncovered nodata/sparse-full-window
percentile/averaged percentile/few-samples percentile/not-distribution percentile/not-enabled ratio/default-zero
ratio/group-mismatch ratio/low-traffic rollup/in-monitor rollup/percentile-aggregator rollup/too-fine routing/reaches-nobody
routing/unknown-handle runbook/missing scope/at-prefix scope/contradiction scope/no-env scope/no-such-value slo/burn-impossible
syntax/mixed-scope syntax/parse syntax/placeholder threshold/mismatch threshold/no-hysteresis threshold/order
threshold/percent-scale threshold/recovery-unsupported threshold/unreachable window/frequency window/invalid window/short-division
"""


def found(folder: Path, text: str, rule: Rule | None = None) -> list[tuple[str, Severity]]:
    """Return code and severity of what is found in an example: by one rule, or by all. What is refused is an error."""
    try:
        return [(each.code, each.severity) for each in lint(project(folder, text), [rule] if rule else None)]
    except DefinitionError as error:
        problems = error.problems if isinstance(error, DefinitionListError) else (error,)
        refused = (refusing(each.message) for each in problems)
        return [(by.code if by else "refused", Severity.ERROR) for by in refused]


def test_every_code_that_was_published_is_a_rule():
    assert [rule.code for rule in rules()] == CODES.split()


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_its_bad_example_is_found(rule: Rule, tmp_path: Path):
    findings = found(tmp_path, rule.bad, rule)
    assert findings == [(rule.code, rule.severity)] * len(findings) != []


@pytest.mark.parametrize("rule", rules(), ids=[rule.code for rule in rules()])
def test_its_good_example_is_good(rule: Rule, tmp_path: Path):
    findings = found(tmp_path, rule.good)
    assert [each for each in findings if rule.code in each or Severity.ERROR in each] == []


@pytest.mark.parametrize("rule", rules(), ids=[rule.code for rule in rules()])
def test_it_is_explained(rule: Rule):
    assert rule.summary.endswith((".", ":"))
    assert rule.bad
    assert rule.good
    assert "\n" not in rule.summary
