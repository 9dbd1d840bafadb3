"""The times of one call, in seconds: what it waited, how long it took, how fast it spoke."""

from ddllm.call import Answer, Call

#: Beyond this many tokens a second, or within so short a time, nothing was generated while we looked: the answer was there
#: already, and what passed is the time in which the application read it. The fastest services publish about half of the rate.
MAX_TOKENS_PER_SECOND = 5_000
MIN_SECONDS = 0.002


def duration(call: Call) -> float:
    """Wall clock from the first attempt to the last byte."""
    started = call.attempts[0][0] if call.attempts else call.started
    return max(0.0, (call.ended if call.ended is not None else started) - started)


def ttft(call: Call) -> float | None:
    """From the start of the call, waiting and retries included, to the first content of a stream; None without any."""
    if not call.stream or call.first_content is None:
        return None
    return max(0.0, call.first_content - call.started)


def queue_time(call: Call, answer: Answer) -> float:
    """Time in which the call waited and nothing was generated: backoff, the SDK's rate limiter, queues on the way."""
    waited = 0.0
    before: float | None = None
    for began, sent, head, _, _ in call.attempts:
        backoff = 0.0 if before is None else began - before
        waited += max(0.0, backoff) + max(0.0, sent - began)
        before = head
    return waited + _on_the_way(call, answer)


def _on_the_way(call: Call, answer: Answer) -> float:
    """Measure the time to the first byte as the client saw it, without the provider's own where it reports one that compares.

    InvokeModelWithResponseStream reports its first byte; InvokeModel and Converse report the whole, which is what precedes
    their first byte. ConverseStream reports the whole too, which compares with nothing here.
    """
    if not call.attempts or call.status == "error":
        return 0.0
    _, sent, head, _, _ = call.attempts[-1]
    if call.stream:
        seen, own = call.first_event, answer.first_byte
    else:
        seen, own = head, answer.latency
    if seen is None or own is None:
        return 0.0
    return max(0.0, seen - sent - own)


def generation(call: Call, answer: Answer) -> tuple[float, float] | None:
    """Return tokens per second and seconds per token after the first token.

    None below two tokens, where everything came in one read, and where reasoning was counted that was not streamed: the
    time in which it was generated lies before the first token.
    """
    usage = answer.usage
    if usage is None or usage.output is None or call.first_content is None or call.ended is None or call.status != "ok":
        return None
    tokens = usage.output - 1
    elapsed = call.ended - call.first_content
    if tokens < 1 or elapsed < MIN_SECONDS or tokens / elapsed > MAX_TOKENS_PER_SECOND:
        return None
    if usage.reasoning and not (answer.reasoning_streamed or call.reasoning_streamed):
        return None
    return tokens / elapsed, elapsed / tokens
