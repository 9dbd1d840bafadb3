from collections import Counter
from types import SimpleNamespace
from typing import Any

import ddtrace.llmobs
import pytest

from ddllm.call import Feedback
from ddllm.instrument import guard
from ddllm.instrument.report.opinions import Opinions
from ddllm.instrument.report.references import Reference, encode

ONE = Reference("aws.bedrock", "anthropic", "m", "search", "", "", "", "qa", "v1", "77", "abc")


class Kept:
    def __init__(self) -> None:
        self.counted: list[tuple[Any, ...]] = []
        self.dropped = Counter[str]()

    def of(self, reference: Reference) -> "Kept":
        self.reference = reference
        return self

    def add(self, metric: Any, value: float, *own: tuple[str, str]) -> None:
        self.counted.append((metric.name, value, *own))

    def drop(self, reason: str) -> None:
        self.dropped[reason] += 1


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def opinions(kept: Kept) -> Opinions:
    return Opinions(["key"], kept.of, kept.drop)  # type: ignore[arg-type,return-value]


def given(kind: str = "thumbs_down", reference: str | None = None) -> Feedback:
    return Feedback(kind, encode(ONE, ["key"]) if reference is None else reference, 1_700_000_000.5)


def test_an_opinion_counts_for_its_call(opinions, kept):
    opinions.report(given())
    assert kept.reference == ONE
    assert kept.counted == [("ddllm.feedback", 1, ("kind", "thumbs_down"))]


@pytest.mark.parametrize(
    ("feedback", "reason"),
    [
        (given("thumbs-up"), "feedback_kind"),
        (given(reference=""), "feedback_missing"),
        (given(reference="nonsense"), "feedback_damaged"),
        (given(reference=encode(ONE, ["another"])), "feedback_forged"),
    ],
)
def test_what_counts_for_nothing_is_counted_as_lost(opinions, kept, feedback, reason):
    opinions.report(feedback)
    assert kept.counted == []
    assert kept.dropped == {reason: 1}


def observed(monkeypatch: pytest.MonkeyPatch, **methods: Any) -> None:
    monkeypatch.setattr(ddtrace.llmobs, "LLMObs", SimpleNamespace(**methods))


def test_llm_observability_gets_it_as_an_evaluation(opinions, monkeypatch):
    said: list[dict[str, Any]] = []

    def submit(label: str, metric_type: str, value: str, span: dict[str, str], timestamp_ms: int) -> None:
        said.append({"label": label, "type": metric_type, "value": value, "span": span, "at": timestamp_ms})

    observed(monkeypatch, enabled=True, submit_evaluation=submit)
    opinions.report(given())
    span = {"span_id": "77", "trace_id": "abc"}
    assert said == [
        {"label": "user_feedback", "type": "categorical", "value": "thumbs_down", "span": span, "at": 1_700_000_000_500}
    ]


def test_an_older_ddtrace_has_another_name_for_it(opinions, monkeypatch):
    said: list[str] = []
    observed(
        monkeypatch,
        enabled=True,
        submit_evaluation=lambda span_context, label: None,
        submit_evaluation_for=lambda **said_of: said.append(said_of["value"]),
    )
    opinions.report(given())
    assert said == ["thumbs_down"]


def test_an_evaluation_that_fails_costs_the_evaluation_alone(opinions, kept, monkeypatch):
    guard.collect()
    observed(monkeypatch, enabled=True, submit_evaluation=lambda span: 1 / 0)
    opinions.report(given())
    assert len(kept.counted) == 1
    assert guard.collect().counts == {"feedback.evaluation": 1}


def test_where_it_is_off_nothing_is_evaluated(opinions, monkeypatch):
    observed(monkeypatch, enabled=False, submit_evaluation=None)
    opinions.report(given())
