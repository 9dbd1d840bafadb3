"""Recordings: a metric history in a file, to be asked in Datadog's place.

JSON Lines in UTF-8, gzipped where the name ends in `.gz`. The first line is the header; the others may come in any order:

    {"ddllm_recording":1,"interval":60,"start":1767571200,"end":1767657600,"sketch":{"gamma":1.015625,"bias":1338}}
    {"metric":"ddllm.requests","type":"count","tags":["env:prod","service:chat"],"points":[[1767571200,41]]}
    {"metric":"ddllm.ttft","type":"distribution","tags":["env:prod"],"sketches":[[t,count,sum,min,max,[keys],[counts]]]}
    {"metric":"ddllm.ttft","type":"distribution","tags":["env:prod"],"samples":[[1767571200,[0.41,0.5]]]}
    {"event":{"t":1767600000,"title":"Deployed chat 2.15.0","tags":["kind:deployment","service:chat"]}}

Times are Unix seconds at which an interval begins; `end` is the first second after the last interval. A point that is not
there is no data. Points of the same metric, tags and time add up (counts), merge (sketches) or replace each other (gauges).
Keys that are not known are ignored, so that later versions stay readable.
"""

import gzip
import json
import zlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from math import isfinite
from pathlib import Path
from typing import Any, cast, get_args

from ddllm.errors import DdllmError
from ddllm.query.series import Kind, Series
from ddllm.query.sketch import BIAS, GAMMA, Sketch

VERSION = 1
_KINDS = get_args(Kind)
_WHOLE = 2**63
_OF_METRIC = b'{"metric":"'
_COMPRESSION = 6  # 9 takes three times as long for 2 % of the size
_HINT = "docs/costs.md shows what a recording looks like"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at a second: a deployment (`kind:deployment`), a new prompt version (`kind:prompt`)."""

    t: float
    title: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recording:
    """A metric history from `start` up to `end` (Unix seconds) in intervals of `interval` seconds."""

    interval: int
    start: int
    end: int
    series: tuple[Series, ...] = ()
    events: tuple[Event, ...] = ()
    _by_metric: dict[str, list[Series]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for one in self.series:
            self._by_metric.setdefault(one.metric, []).append(one)

    def of(self, metric: str) -> list[Series]:
        """Return the series of a metric."""
        return self._by_metric.get(metric, [])

    def metrics(self) -> list[str]:
        """Return the names of the metrics, sorted."""
        return sorted(self._by_metric)


class _Wrong(ValueError):  # noqa: N818 - reads as what it says of a line
    """Says what is wrong with a line."""


def read_recording(path: Path, metrics: Collection[str] | None = None, *, limit: int | None = None) -> Recording:
    """Read a recording. Raises `DdllmError` with file and line where it is not one.

    Where `metrics` says which are needed, what is easily seen to be of others is left out: it takes most of the time. `limit` is
    how many lines are read at most.
    """
    number = 0
    builder: _Builder | None = None
    try:
        for number, line in enumerate(islice(_lines(path), limit), 1):  # noqa: B007 - the message needs it
            if not line.strip() or (builder is not None and metrics is not None and _is_of_another(line, metrics)):
                continue
            document = _document(line)
            if builder is None:
                builder = _Builder(_header(document))
            else:
                builder.add(document)
    except _Wrong as error:
        raise DdllmError(str(error), where=f"{path}:{number}", hint=_HINT) from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DdllmError(f"this is not gzip: {error}", where=f"{path}:{number + 1}") from None
    except OSError as error:
        raise DdllmError(f"the recording cannot be read: {error.strerror}", where=str(path)) from None
    if builder is None:
        raise DdllmError("this is no recording: it is empty", where=f"{path}:1", hint=_HINT)
    return builder.recording()


def recorded_span(path: Path) -> tuple[int, int]:
    """Return where a recording begins and ends, in Unix seconds, without reading more of it. Raises `DdllmError`."""
    head = read_recording(path, limit=1)
    return head.start, head.end


def _is_of_another(line: bytes, metrics: Collection[str]) -> bool:
    """Whether a line, as `write_recording` writes it, is of none of these metrics."""
    if not line.startswith(_OF_METRIC):
        return False
    name = line[len(_OF_METRIC) : line.find(b'"', len(_OF_METRIC))]
    return b"\\" not in name and name.decode(errors="replace") not in metrics


def write_recording(recording: Recording, path: Path) -> None:
    """Write a recording, gzipped where the name ends in `.gz`. Raises `DdllmError` where the file cannot be written."""
    try:
        with _open(path, "wb") as stream:
            for document in _documents(recording):
                stream.write(json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
    except OSError as error:
        raise DdllmError(f"the recording cannot be written: {error.strerror}", where=str(path)) from None


def _open(path: Path, mode: str) -> Any:
    return gzip.open(path, mode, _COMPRESSION) if path.suffix == ".gz" else path.open(mode)


def _lines(path: Path) -> Iterator[bytes]:
    with _open(path, "rb") as stream:
        yield from stream


def _document(line: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):  # bytes that are no UTF-8 among them
        raise _Wrong("this is not JSON") from None
    if not isinstance(document, dict):
        raise _Wrong("a line must be a JSON object")
    return document


def _header(document: Mapping[str, Any]) -> Recording:
    version = document.get("ddllm_recording")
    if version is None:
        raise _Wrong("this is no recording: the first line must hold `ddllm_recording`")
    if version != VERSION:
        raise _Wrong(f"recordings of version {version!r} cannot be read; this ddllm reads version {VERSION}")
    sketch = document.get("sketch", {})
    parameters = sketch if isinstance(sketch, dict) else {}
    if (parameters.get("gamma", GAMMA), parameters.get("bias", BIAS)) != (GAMMA, BIAS):
        raise _Wrong(f"its sketches have other parameters than gamma {GAMMA} and bias {BIAS}")
    interval, start, end = (_whole(document.get(name), f"`{name}`") for name in ("interval", "start", "end"))
    if interval < 1 or end < start:
        raise _Wrong("`interval` must be at least 1, and `end` not before `start`")
    return Recording(interval, start, end)


class _Builder:
    """Adds up what the lines say."""

    def __init__(self, header: Recording) -> None:
        self._header = header
        self._kinds: dict[str, Kind] = {}
        self._points: dict[tuple[str, tuple[str, ...]], dict[int, float]] = {}
        self._sketches: dict[tuple[str, tuple[str, ...]], dict[int, Sketch]] = {}
        self._events: list[Event] = []

    def add(self, document: Mapping[str, Any]) -> None:
        """Take in one line after the header."""
        if "event" in document:
            self._events.append(_event(document["event"]))
        elif "metric" in document:
            self._series(document)

    def _series(self, document: Mapping[str, Any]) -> None:
        metric, kind = document["metric"], _kind(document.get("type"))
        if not isinstance(metric, str) or not metric:
            raise _Wrong("`metric` must be a name")
        known = self._kinds.setdefault(metric, kind)
        if known != kind:
            raise _Wrong(f"{metric} is a {kind} here and a {known} on a line before")
        key = (metric, _tags(document.get("tags", [])))
        if kind == "distribution":
            sketches = self._sketches.setdefault(key, {})
            for at, sketch in _sketches(document):
                if at in sketches:
                    sketches[at].merge(sketch)
                else:
                    sketches[at] = sketch
            return
        points = self._points.setdefault(key, {})
        for t, number in _points(document):
            points[t] = points[t] + number if t in points and kind == "count" else number

    def recording(self) -> Recording:
        """Return the whole."""
        series = [Series(metric, self._kinds[metric], tags, points=p) for (metric, tags), p in self._points.items()]
        series += [Series(metric, "distribution", tags, sketches=s) for (metric, tags), s in self._sketches.items()]
        head = self._header
        return Recording(head.interval, head.start, head.end, tuple(series), tuple(self._events))


def _kind(value: Any) -> Kind:
    if value not in _KINDS:
        raise _Wrong(f"`type` is {value!r}; it must be one of {', '.join(_KINDS)}")
    return cast("Kind", value)


def _event(document: Any) -> Event:
    if not isinstance(document, dict) or not isinstance(document.get("title"), str):
        raise _Wrong("`event` must be an object with `t` and `title`")
    return Event(_number(document.get("t"), "`t`"), document["title"], _tags(document.get("tags", []), ordered=True))


def _points(document: Mapping[str, Any]) -> Iterator[tuple[int, float]]:
    for entry in _list(document.get("points", []), "`points`"):
        at, value = _entry(entry, 2, "a point must be [t, value]")
        yield _whole(at, "a time"), _number(value, "a value")


def _sketches(document: Mapping[str, Any]) -> Iterator[tuple[int, Sketch]]:
    for entry in _list(document.get("samples", []), "`samples`"):
        at, values = _entry(entry, 2, "an entry of `samples` must be [t, [values]]")
        yield _whole(at, "a time"), Sketch([_number(value, "a sample") for value in _list(values, "samples")])
    for entry in _list(document.get("sketches", []), "`sketches`"):
        at, count, total, least, most, keys, counts = _entry(
            entry, 7, "a sketch must be [t, count, sum, min, max, [keys], [counts]]"
        )
        sketch = Sketch()
        sketch.count = _whole(count, "a sketch's count")
        sketch.sum = _number(total, "a sketch's sum")
        if sketch.count:
            sketch.min, sketch.max = _number(least, "a sketch's min"), _number(most, "a sketch's max")
        try:
            sketch.bins = dict(zip(keys, counts, strict=True))
            whole = all(type(each) is int for each in (*keys, *counts)) and sum(counts) == sketch.count
        except (TypeError, ValueError):
            whole = False
        if not whole:
            raise _Wrong("a sketch must have a whole count for each key, and their sum must be its count")
        yield _whole(at, "a time"), sketch


def _list(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise _Wrong(f"{what} must be a list")
    return value


def _entry(value: Any, length: int, message: str) -> list[Any]:
    if not isinstance(value, list) or len(value) != length:
        raise _Wrong(message)
    return value


def _tags(value: Any, *, ordered: bool = False) -> tuple[str, ...]:
    tags = _list(value, "`tags`")
    if not all(isinstance(tag, str) for tag in tags):
        raise _Wrong("`tags` must be a list of texts")
    return tuple(tags) if ordered else tuple(sorted(set(tags)))


def _number(value: Any, what: str) -> float:
    """Read a number. A recording holds millions of them, so that the usual ones are let through first."""
    if type(value) is float and isfinite(value):
        return value
    if type(value) is int and -_WHOLE < value < _WHOLE:
        return float(value)
    raise _Wrong(f"{what} must be a number, not {value!r:.40}")


def _whole(value: Any, what: str) -> int:
    if type(value) is int and -_WHOLE < value < _WHOLE:
        return value
    number = _number(value, what)
    if number != int(number):
        raise _Wrong(f"{what} must be a whole number, not {value!r}")
    return int(number)


def _documents(recording: Recording) -> Iterator[dict[str, Any]]:
    yield {
        "ddllm_recording": VERSION,
        "interval": recording.interval,
        "start": recording.start,
        "end": recording.end,
        "sketch": {"gamma": GAMMA, "bias": BIAS},
    }
    for series in recording.series:
        head = {"metric": series.metric, "type": series.kind, "tags": list(series.tags)}
        if series.kind == "distribution":
            yield {**head, "sketches": [_sketch(at, sketch) for at, sketch in sorted(series.sketches.items())]}
        else:
            yield {**head, "points": [[at, _short(value)] for at, value in sorted(series.points.items())]}
    for event in recording.events:
        yield {"event": {"t": _short(event.t), "title": event.title, "tags": list(event.tags)}}


def _sketch(at: int, sketch: Sketch) -> list[Any]:
    keys, counts = sketch.columns()
    least, most = (sketch.min, sketch.max) if sketch.count else (0, 0)
    return [at, sketch.count, _short(sketch.sum), _short(least), _short(most), keys, counts]


def _short(value: float) -> float:
    """Write whole numbers without `.0`: half of a recording is counts."""
    return int(value) if value == int(value) and abs(value) < 2**53 else value
