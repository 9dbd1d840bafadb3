"""What an answer was worth: whether the model declined, and whether the answer kept its format.

The provider's own signals go before what the text says. Nothing of the text goes further than this.
"""

from typing import Any

from ddllm.call import Answer, Call
from ddllm.instrument.providers.bedrock.asked import Tools
from ddllm.quality.refusal import detect_refusal
from ddllm.quality.structured import StructuredResult, check_structured, check_tool_arguments

#: Operations whose answer is text to somebody.
_TALK = frozenset({"chat", "text_completion"})
#: Finish reasons that say that there is no answer to check.
_NO_ANSWER = frozenset({"refusal", "content_filter"})
#: What a guardrail does that leaves no answer; where no trace tells, it may have been a mask, and usually was not.
_STOPPED = frozenset({"blocked", "intervened"})
#: Where models that write their reasoning into the text end it.
_REASONING = (("<reasoning>", "</reasoning>"), ("<thinking>", "</thinking>"), ("<think>", "</think>"))


def refusal(call: Call, answer: Answer) -> str | None:
    """Return why a call was declined, in the words of the metric's tag; None where it was not.

    One reason a call, in this order: guardrail, content_filter, model, text.
    """
    if call.status == "error" or answer.operation not in _TALK:
        return None
    if answer.guardrail in _STOPPED:
        return "guardrail"
    if answer.finish_reason == "content_filter":
        return "content_filter"
    if answer.finish_reason == "refusal" or answer.declined:
        return "model"
    if not answer.text or answer.tool_calls:
        return None  # a model that calls a tool is at work
    found = detect_refusal(_without_reasoning(answer.text) or "")
    return None if found is None else found.reason


def _without_reasoning(text: str) -> str | None:
    """Return the answer that follows the reasoning; None where the reasoning has not ended."""
    for opening, closing in _REASONING:
        if text.lstrip()[: len(opening)] == opening:
            _, ended, rest = text.partition(closing)
            return rest if ended else None
    return text


def structured(call: Call, answer: Answer, expected: Any, tools: Tools | None) -> StructuredResult | None:
    """Check an answer's format, and the arguments of its tool calls; None where nothing was expected that can be checked.

    `expected` is what code, request or configuration expect of the text. A call with tools is judged by its tool calls, if it made any
    or had to. An answer that was left, or that was refused by a filter, is none.
    """
    if answer.finish == "malformed_tool_use":
        return StructuredResult(ok=False, reason="tool_arguments", format="tool_arguments")
    if answer.finish == "malformed_model_output":
        return StructuredResult(ok=False, reason="not_json", format="json")
    if answer.operation not in _TALK or call.status == "abandoned" or not answer.complete or _no_answer(call, answer):
        return None
    finish = answer.finish if call.status == "ok" else None
    if tools is not None and (answer.tool_calls or tools.forced):
        return check_tool_arguments(
            answer.tool_calls, tools.schemas, finish_reason=finish, forced=tools.forced, text=answer.text
        )
    if expected is None or answer.tool_calls:
        return None
    text = _without_reasoning(answer.text)
    return check_structured(answer.text if text is None else text, expected, finish_reason=finish)


def _no_answer(call: Call, answer: Answer) -> bool:
    """Tell whether there is no answer: it was filtered, or the call failed before anything of it came."""
    if answer.guardrail in _STOPPED or answer.finish_reason in _NO_ANSWER or answer.declined:
        return True
    return call.status == "error" and call.first_content is None


def too_large(call: Call, answer: Answer, expected: Any, tools: Tools | None) -> bool:
    """Tell whether a format was expected of an answer that was too large to be kept."""
    return call.truncated and not answer.complete and (expected is not None or tools is not None)
