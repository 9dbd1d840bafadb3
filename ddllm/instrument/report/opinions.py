"""What users said of answers, as metrics, and as evaluations of LLM Observability where that is on."""

import inspect
import sys
from collections.abc import Callable, Sequence

from ddllm import catalog
from ddllm.call import Feedback
from ddllm.instrument import guard
from ddllm.instrument.report import references
from ddllm.instrument.report.lines import Lines
from ddllm.instrument.report.references import Reference, ReferenceRefusedError

KINDS = frozenset({"thumbs_up", "thumbs_down", "regenerate", "follow_up"})
#: The label of the evaluation, the same for all so that they can be compared.
LABEL = "user_feedback"


class Opinions:
    """Reports feedback; `drop` counts, by reason, what counts for nothing."""

    def __init__(self, keys: Sequence[str], lines: Callable[[Reference], Lines], drop: Callable[[str], None]) -> None:
        self._keys = keys
        self._lines = lines
        self._drop = drop

    def __repr__(self) -> str:
        return f"Opinions({len(self._keys)} keys)"

    def report(self, given: Feedback) -> None:
        """Report one opinion."""
        if given.kind not in KINDS:
            self._drop("feedback_kind")
            return
        try:
            reference = references.decode(given.reference, self._keys)
        except ReferenceRefusedError as error:
            self._drop(f"feedback_{error}")
            return
        self._lines(reference).add(catalog.FEEDBACK, 1, ("kind", given.kind))
        if reference.span_id:
            try:
                _evaluate(reference, given)
            except Exception:  # noqa: BLE001 - counted; the metric is sent
                guard.caught("feedback.evaluation")


def _evaluate(reference: Reference, given: Feedback) -> None:
    llmobs = getattr(sys.modules.get("ddtrace.llmobs"), "LLMObs", None)
    if llmobs is None or not llmobs.enabled:
        return
    submit = llmobs.submit_evaluation
    if "span" not in inspect.signature(submit).parameters:  # ddtrace 2
        submit = llmobs.submit_evaluation_for
    submit(
        label=LABEL,
        metric_type="categorical",
        value=given.kind,
        span={"span_id": reference.span_id, "trace_id": reference.trace_id},
        timestamp_ms=int(given.at * 1000),
    )
