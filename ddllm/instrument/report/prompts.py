"""The prompt template of a call: as the code names it, as LLM Observability knows it, or by what its system prompt says."""

from hashlib import blake2b
from typing import Any

from ddllm.call import Call
from ddllm.instrument.providers.bedrock import asked
from ddllm.instrument.providers.bedrock.fields import Body

#: Characters of a system prompt that make its fingerprint: what comes later is mostly documents and dates.
_LONGEST = 4_000


def said(call: Call, name: str) -> str | None:
    """Return what the scopes around a call say under a name of theirs, the explicit one first; None where they say nothing."""
    explicit, annotated = call.scope or (None, None)
    value = (explicit and getattr(explicit, name)) or (annotated and getattr(annotated, name))
    return str(value) if value else None


def explicit(call: Call, name: str) -> Any:
    """Return what `ddllm.context` says under a name, as it was given; None where it says nothing."""
    scope = call.scope[0] if call.scope else None
    return None if scope is None else getattr(scope, name)


def fingerprint(request: Body) -> str | None:
    """Name an unnamed prompt by a hash of its system prompt, so that its spending can be told apart; None without one."""
    text = " ".join(asked.system_prompt(request)[:_LONGEST].split())
    return f"fp-{blake2b(text.encode('utf-8', 'replace'), digest_size=4).hexdigest()}" if text else None
