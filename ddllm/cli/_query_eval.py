"""One run of `ddllm query eval`."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ddllm.api.connection import Connection
from ddllm.api.datadog import Datadog
from ddllm.cli._history import Span
from ddllm.cli._output import show, terminal_width
from ddllm.cli._query_view import as_json, render
from ddllm.errors import ConfigError
from ddllm.query.recordings import read_recording, recorded_span
from ddllm.testing.answers import Answered, Asked, Tree, from_datadog, from_file, from_recording

_DEFAULT_SECONDS = 4 * 3600
_MINUTE = 60
_KEPT = Path(".ddllm") / "history"


def answered(asked: Asked, span: Span) -> tuple[Answered, str]:
    """Answer one query; return where the history came from, too. Raises DdllmError."""
    if span.recording is not None:
        return from_file(asked, span.recording, *span.bounds(None, recorded_span(span.recording)[1])), str(
            span.recording
        )
    now = time.time()
    start, end = span.bounds(None, now)
    last = int(end or now) // _MINUTE * _MINUTE
    first = int(start if start is not None else last - _DEFAULT_SECONDS) // _MINUTE * _MINUTE
    with Datadog(Connection.from_environ()) as api:
        return from_datadog(asked, api, _KEPT, first, last), api.connection.url


def run(asked: Asked, span: Span) -> None:
    """Answer one query and show it."""
    found, source = answered(asked, span)
    show(render(found, source, terminal_width()))


def answer_json(asked: Asked, span: Span) -> Mapping[str, Any]:
    """Answer one query for programs."""
    return as_json(answered(asked, span)[0])


def over_lines(span: Span) -> Callable[[str, Tree, str | None], Mapping[str, Any]]:
    """Return what answers one query after the other from a recording that is read once."""
    if span.recording is None:
        raise ConfigError("lines on standard input are answered from a recording", hint="Name one with --recording")
    recording = read_recording(span.recording)
    start, end = span.bounds(None, recording.end)
    return lambda text, tree, monitor_type: as_json(
        from_recording(Asked(text, tree, monitor_type), recording, start, end)
    )
