"""Counts of tokens from several places of one answer, put together so that they agree."""

from typing import Any, NamedTuple

from ddllm.call import Usage
from ddllm.instrument.providers.bedrock import fields


class Counts(NamedTuple):
    """What Bedrock itself counted. `input` is without the tokens that were read from and written to the cache."""

    input: int | None = None
    output: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None

    @property
    def known(self) -> bool:
        """Whether there is any count."""
        return self.input is not None or self.output is not None


def apart(uncached: Any, output: Any, cache_read: Any, cache_write: Any, cache_write_1h: Any = None) -> Usage | None:
    """Make the usage of a provider that counts cached tokens apart from the input; None where it counted nothing."""
    apart, answered = fields.tokens(uncached), fields.tokens(output)
    if apart is None and answered is None:
        return None
    read, written = fields.tokens(cache_read), fields.tokens(cache_write)
    whole = None if apart is None else apart + (read or 0) + (written or 0)
    return Usage(whole, answered, read, written, fields.tokens(cache_write_1h))


def complete(usage: Usage | None, more: Usage | None) -> Usage | None:
    """Fill what `usage` does not say from `more`."""
    if usage is None or more is None:
        return usage or more
    return Usage(
        _either(usage.input, more.input),
        _either(usage.output, more.output),
        _either(usage.cache_read, more.cache_read),
        _either(usage.cache_write, more.cache_write),
        _either(usage.cache_write_1h, more.cache_write_1h),
        _either(usage.reasoning, more.reasoning),
    )


def settle(counts: Counts, body: Usage | None) -> Usage | None:
    """Let Bedrock's own counts go before the body's, which adds what Bedrock does not count: hour-long writes, reasoning."""
    if not counts.known:
        return body
    body = body or Usage()
    read, written = _either(counts.cache_read, body.cache_read), _either(counts.cache_write, body.cache_write)
    if counts.input is None:
        whole = body.input
    elif counts.cache_read is None and counts.cache_write is None and (read or written):
        whole = body.input  # the body alone tells the cached tokens apart, or includes them: its sum holds
    else:
        whole = counts.input + (read or 0) + (written or 0)
    output = _either(counts.output, body.output)
    return Usage(whole, output, read, written, body.cache_write_1h, body.reasoning)


def consistent(usage: Usage | None) -> Usage | None:
    """Drop what cannot be: a part that is greater than its whole."""
    if usage is None:
        return None
    if (usage.cache_read or 0) + (usage.cache_write or 0) > (usage.input or 0):
        usage.cache_read = usage.cache_write = None
    if (usage.cache_write_1h or 0) > (usage.cache_write or 0):
        usage.cache_write_1h = None
    if (usage.reasoning or 0) > (usage.output or 0):
        usage.reasoning = None
    return usage


def _either(first: int | None, second: int | None) -> int | None:
    return second if first is None else first
