"""A burn rate that no outage can reach: with a target of 99 % the budget burns at most 100 times too fast.

The most is 1 / (1 - target). ddllm refuses it under `burn_rate` of an SLO, and here in monitors that are written out.

Bad:
    ok:
      name: Calls that succeed
      type: metric
      query: {numerator: "sum:ddllm.requests{status:ok}.as_count()", denominator: "sum:ddllm.requests{*}.as_count()"}
      thresholds: [{timeframe: 30d, target: 99}]
    burning:
      type: slo alert
      query: burn_rate("${slo:ok}").over("30d").long_window("1h").short_window("5m") > 120

Good:
    ok:
      name: Calls that succeed
      type: metric
      query: {numerator: "sum:ddllm.requests{status:ok}.as_count()", denominator: "sum:ddllm.requests{*}.as_count()"}
      thresholds: [{timeframe: 30d, target: 99}]
    burning:
      type: slo alert
      query: burn_rate("${slo:ok}").over("30d").long_window("1h").short_window("5m") > 14.4
"""

import re
from collections.abc import Iterator

from ddllm.definitions.variables import Template
from ddllm.lint.finding import Severity
from ddllm.lint.subject import Draft, Subject
from ddllm.query.monitor import SloQuery, argument

SEVERITY = Severity.ERROR

REFUSES = re.compile(r"cannot burn faster than")

_ALL = 100


def check(subject: Subject) -> Iterator[Draft]:
    """Hold the rate against the target of the project's SLO."""
    query, text = subject.tree, subject.definition.body.get("query")
    if not isinstance(query, SloQuery) or query.measure != "burn_rate" or not isinstance(text, Template):
        return
    keys = {reference.key for reference in text.references}
    over, rate = argument(query.methods, "over"), query.comparison.threshold
    for slo in subject.project.of("slos"):
        for threshold in slo.body["thresholds"] if slo.key in keys else ():
            target = threshold["target"]
            fastest = _ALL / (_ALL - target) if target < _ALL else 0
            if threshold["timeframe"] == over and rate is not None and rate > fastest + 1e-9:
                yield subject.finding(
                    f"with a target of {target:g} % it burns at most {fastest:g}", at=query.comparison
                )
