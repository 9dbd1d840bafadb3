"""The JUnit file that CI systems read."""

from junitparser import JUnitXml

from ddllm.testing.junit import junit
from ddllm.testing.outcome import Failure, Outcome

WENT = Outcome("a.yaml", "went", "a.yaml:3:1", 0.5, approximate=("spend",))
FELL = Outcome(
    "b.yaml", "fell <&>", "b.yaml:3:1", 0.25, (Failure("b.yaml:9:1", "at 2m `x` is OK"), Failure("b.yaml:10:1", "y"))
)


def test_each_file_is_a_suite_and_each_test_a_case():
    document = JUnitXml.fromstring(junit([WENT, FELL]).encode())
    assert (document.tests, document.failures, document.time) == (2, 1, 0.75)
    assert [(suite.name, [case.name for case in suite]) for suite in document] == [
        ("a.yaml", ["went"]),
        ("b.yaml", ["fell <&>"]),
    ]


def test_every_failure_has_its_place():
    _, suite = JUnitXml.fromstring(junit([WENT, FELL]).encode())
    [case] = suite
    [result] = case.result
    assert result.text == "b.yaml:9:1: at 2m `x` is OK\nb.yaml:10:1: y"


def test_an_approximation_is_called_one():
    [suite] = JUnitXml.fromstring(junit([WENT]).encode())
    [case] = suite
    assert case.system_out.startswith("approximate: spend")
