"""What an answer is worth: did the model decline, did it keep its format, does it pass the prompt's own checks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from ddllm import quality
from ddllm.analysis.compare.bedrock import Answer
from ddllm.definitions.workload import Prompt

#: The provider's own words for an answer that was not given, and the refusal's reason.
_DECLINED = {"content_filtered": "content_filter", "guardrail_intervened": "guardrail", "refusal": "model"}


class _Refusal(Protocol):
    @property
    def reason(self) -> str: ...


class _Structured(Protocol):
    @property
    def ok(self) -> bool: ...
    @property
    def reason(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an answer is worth.

    `refusal` is its reason, None where the model answered; `format_ok` is None where no format was expected, or the provider
    withheld the answer; `checks` says of each check of the prompt whether it passed.
    """

    refusal: str | None = None
    format_ok: bool | None = None
    format_reason: str | None = None
    checks: tuple[bool, ...] = ()


def _detect_refusal(text: str) -> _Refusal | None:
    return quality.detect_refusal(text)


def _check_structured(text: str, expected: Any, *, finish_reason: str | None, allow_wrapped: bool) -> _Structured:
    return quality.check_structured(text, expected, finish_reason=finish_reason, allow_wrapped=allow_wrapped)


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges answers with two functions of the signatures that `ddllm.quality` has."""

    detect_refusal: Callable[[str], _Refusal | None] = _detect_refusal
    check_structured: Callable[..., _Structured] = _check_structured

    def verdict(self, prompt: Prompt, answer: Answer) -> Verdict:
        """Judge one answer. What the provider withheld keeps or breaks no format."""
        declined = _DECLINED.get(answer.finish or "")
        refusal = declined
        if refusal is None:
            found = self.detect_refusal(answer.text)
            refusal = found.reason if found else None
        checks = tuple(check.passes(answer.text) for check in prompt.checks)
        if prompt.expects is None or declined is not None:
            return Verdict(refusal, checks=checks)
        kept = self.check_structured(
            answer.text,
            prompt.expects.format,
            finish_reason=answer.finish,
            allow_wrapped=prompt.expects.allow_wrapped,
        )
        return Verdict(refusal, kept.ok, kept.reason, checks)
