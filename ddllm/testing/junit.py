"""Outcomes as a JUnit file, which CI systems show."""

from collections.abc import Sequence
from itertools import groupby

from junitparser import Failure, JUnitXml, TestCase, TestSuite

from ddllm.testing.outcome import Outcome


def junit(outcomes: Sequence[Outcome]) -> str:
    """Return the XML: a suite a file, a case a test."""
    document = JUnitXml("ddllm test")
    for file, group in groupby(outcomes, key=lambda each: each.file):
        suite = TestSuite(file)
        for outcome in group:
            suite.add_testcase(_case(outcome))
        document.add_testsuite(suite)
    document.update_statistics()  # type: ignore[no-untyped-call]
    return f"{document.tostring().decode()}\n"  # type: ignore[no-untyped-call]


def _case(outcome: Outcome) -> TestCase:
    case = TestCase(outcome.name, classname=outcome.file, time=outcome.seconds)
    if outcome.failures:
        failure = Failure(outcome.failures[0].message)
        failure.text = "\n".join(f"{each.where}: {each.message}" for each in outcome.failures)
        case.result = [failure]
    if outcome.approximate:
        case.system_out = f"approximate: {', '.join(outcome.approximate)}"
    return case
