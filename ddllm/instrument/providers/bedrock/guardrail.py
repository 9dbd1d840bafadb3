"""What a guardrail that intervened did: it blocked, or it only masked what it found."""

from typing import Any

from ddllm.call import Guardrail
from ddllm.instrument.providers.bedrock import fields
from ddllm.instrument.providers.bedrock.fields import Body

#: How deep an assessment lies in a trace at most.
_DEPTH = 12


def did(trace: Body) -> Guardrail:
    """Read a trace (`trace` of Converse, `amazon-bedrock-trace` of InvokeModel). Without one there is nothing to tell by."""
    assessments = fields.child(trace, "guardrail")
    if not assessments:
        return "intervened"
    return "blocked" if _blocks(assessments, _DEPTH) else "masked"


def _blocks(value: Any, depth: int) -> bool:
    """Look for an assessment that blocked. Policies are many, and new ones come: each says so under the same key."""
    if depth and isinstance(value, dict):
        return value.get("action") == "BLOCKED" or any(_blocks(item, depth - 1) for item in value.values())
    return bool(depth) and isinstance(value, list) and any(_blocks(item, depth - 1) for item in value)
