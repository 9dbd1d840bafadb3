"""What users do with answers: a reference to a call that a browser can hold, and feedback that comes back with it.

A reference says which model, feature and prompt the call had, so that feedback counts for them from any process, at any time
later. With DDLLM_FEEDBACK_KEY it is signed; what was altered, or made by somebody else, counts for nothing.
"""

import time
from collections.abc import Sequence
from typing import Literal

from ddllm.call import Call, Feedback
from ddllm.instrument import attribution, guard
from ddllm.instrument.providers.bedrock import identify
from ddllm.instrument.queue import Queue
from ddllm.instrument.report import feature, spans
from ddllm.instrument.report.references import LONGEST, Reference, encode

Kind = Literal["thumbs_up", "thumbs_down", "regenerate", "follow_up"]

#: About what feedback takes in the queue beside its reference, in bytes.
_SIZE = 128
#: Characters of a kind that are looked at: more is none that exists.
_LONGEST_KIND = 32

_queue: Queue | None = None
_keys: Sequence[str] = ()
_service = ""


class CallRef(str):
    """A reference to a call: text for URLs, forms and cookies, to be given back to `ddllm.feedback`."""

    __slots__ = ()


def report_to(queue: Queue | None, keys: Sequence[str] = (), service: str = "") -> None:
    """Report feedback to `queue`. The first of `keys` signs references; any of them is accepted."""
    global _queue, _keys, _service
    _queue, _keys, _service = queue, keys, service


def last_call() -> CallRef | None:
    """Return a reference to the last call that began in this thread or task, or inside the `ddllm.context` around this line.

    None where there was no call, or none is measured. It may be asked for while the answer is still being read.
    """
    try:
        call = attribution.last()
        return None if call is None or _queue is None else CallRef(encode(_of(call), _keys))
    except Exception:  # noqa: BLE001 - counted
        guard.caught("feedback.last_call")
        return None


def send(ref: CallRef | str | None, kind: Kind) -> None:
    """Hand an opinion to the worker, which reads and checks the reference."""
    try:
        if _queue is None:
            return
        if not _queue.running:
            _queue.start()
        text = str(ref or "")[: LONGEST + 1]
        _queue.put(Feedback(str(kind)[:_LONGEST_KIND], text, time.time()), _SIZE + len(text))
    except Exception:  # noqa: BLE001 - counted
        guard.caught("feedback.send")


def _of(call: Call) -> Reference:
    explicit, annotated = call.scope or (None, None)
    said = feature.said(call)
    route, resource = (None, None) if said else feature.root_of(call.root)

    def prompt(name: str) -> str:
        return str((explicit and getattr(explicit, name)) or (annotated and getattr(annotated, name)) or "")

    span = call.span  # the worker may let it go at any moment
    span_id, trace_id = call.observed if span is None else spans.observed(span)
    model = identify(call.model_id)  # its short name: an ARN holds an account's number
    return Reference(
        call.provider,
        model.vendor,
        model.name,
        said or "",
        route or "",
        resource or "",
        "" if said else _service,
        prompt("prompt_template"),
        prompt("prompt_version"),
        span_id,
        trace_id,
    )
