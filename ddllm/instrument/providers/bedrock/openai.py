"""All that speak like OpenAI's chat completions: gpt-oss, Qwen, DeepSeek, Kimi, GLM, imported models, endpoints."""

from ddllm.call import Usage
from ddllm.instrument.providers.bedrock import fields
from ddllm.instrument.providers.bedrock.family import Content, Family
from ddllm.instrument.providers.bedrock.fields import Body
from ddllm.instrument.providers.bedrock.transcript import Transcript

#: gpt-oss writes its reasoning into the text, between tags.
_REASONING_TAG = "<reasoning>"


def finish(event: Body) -> str | None:
    """Return the first choice's reason; DeepSeek calls it a stop reason."""
    for choice in fields.items(event, "choices"):
        said = fields.word(choice, "finish_reason") or fields.word(choice, "stop_reason")
        if said:
            return said
    return None


def usage(event: Body) -> Usage | None:
    """Read the counts of a body or of a stream's last chunks; cached tokens are part of the prompt's."""
    counts = fields.child(event, "usage")
    sent = fields.tokens(counts.get("prompt_tokens"))
    made = fields.tokens(counts.get("completion_tokens"))
    if event.get("choices") and finish(event) is None:
        made = None  # a count that still runs
    if sent is None and made is None:
        return None
    cached = fields.tokens(fields.child(counts, "prompt_tokens_details").get("cached_tokens"))
    reasoning = fields.tokens(fields.child(counts, "completion_tokens_details").get("reasoning_tokens"))
    return Usage(sent, made, cache_read=cached, reasoning=reasoning)


def content(event: Body) -> Content | None:
    """Name the content of the first choice that has any."""
    for choice in fields.items(event, "choices"):
        kind = _delta(choice, fields.child(choice, "delta"))
        if kind:
            return kind
    return None


def _delta(choice: Body, delta: Body) -> Content | None:
    said = fields.text(delta, "content") or fields.text(choice, "text")
    if said:
        return "reasoning" if said.startswith(_REASONING_TAG) else "text"
    if fields.text(delta, "reasoning_content") or fields.text(delta, "reasoning"):
        return "reasoning"
    calls = fields.items(delta, "tool_calls")
    return "tool" if any(fields.text(fields.child(call, "function"), "arguments") for call in calls) else None


def tell(event: Body, transcript: Transcript) -> None:
    """Tell what the first choice says."""
    for choice in fields.items(event, "choices")[:1]:
        if choice.get("index"):
            continue  # a chunk of another choice
        said = fields.child(choice, "message") or fields.child(choice, "delta")
        parts = [fields.text(part, "text") for part in fields.items(said, "content")]  # Mistral's content may be a list
        transcript.say(fields.text(said, "content") or "".join(parts) or fields.text(choice, "text"))
        transcript.declined = transcript.declined or bool(fields.text(said, "refusal"))
        for call in fields.items(said, "tool_calls"):
            function = fields.child(call, "function")
            index = call.get("index")
            key = index if isinstance(index, int) else None
            if name := fields.text(function, "name"):
                transcript.call(name, key=key)
            transcript.argue(fields.text(function, "arguments"), key)


FAMILY = Family(
    name="openai",
    ids=("openai.", "qwen.", "deepseek.", "moonshot", "minimax.", "google.", "nvidia.", "writer.", "zai."),
    operation="chat",
    finish=finish,
    usage=usage,
    content=content,
    tell=tell,
    hints=(b'"choices"',),
)
