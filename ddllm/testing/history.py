"""History from Datadog's query API, in the form of a recording.

Each reading is asked in chunks of a day and more, whose ends lie on multiples of their length, so that an answer holds all its
buckets (Datadog gives at most 1,500 points a series and else widens them) and the same chunk is asked the same way tomorrow. What
is over is kept in a folder; a download that was interrupted goes on where it stopped.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ddllm.api.datadog import Datadog
from ddllm.errors import ApiError, DdllmError
from ddllm.query.recordings import Recording
from ddllm.query.series import ABSENT, Series
from ddllm.testing.readings import CELL, Reading

_POINTS = 1440  # of a chunk: a day of minutes, below what Datadog answers at most
#: Seconds after which Datadog is taken to have all that was sent for a time.
SETTLED = 3600
#: Chunks that are asked at a time.
_AT_A_TIME = 4
_FORM = 1  # of the files; another number leaves the old ones unread


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of a reading: from `start` up to `end` (Unix seconds)."""

    reading: Reading
    start: int
    end: int


#: Points by tags.
_Answer = Mapping[tuple[str, ...], Sequence[tuple[int, float]]]


class Downloads:
    """Asks Datadog, and keeps what is over in `folder`. `now` is the time in Unix seconds."""

    def __init__(self, api: Datadog, folder: Path, now: float) -> None:
        self._api = api
        self._folder = folder
        self._now = now

    def recording(
        self, readings: Sequence[Reading], start: int, end: int, advance: Callable[[int, int], None]
    ) -> Recording:
        """Return the answers for evaluations from `start` to `end`, a metric a reading.

        `advance` hears how many chunks are there, of how many. Raises ApiError where Datadog does not answer.
        """
        chunks = [chunk for reading in readings for chunk in chunks_of(reading, start, end)]
        found: dict[tuple[str, tuple[str, ...]], dict[int, float]] = {}
        kinds = {each.name: each.kind for each in readings}
        with ThreadPoolExecutor(_AT_A_TIME) as pool:
            asked = {pool.submit(self._chunk, chunk): chunk for chunk in chunks}
            try:
                for done, future in enumerate(as_completed(asked), 1):
                    chunk = asked[future]
                    for tags, points in future.result().items():
                        held = found.setdefault((chunk.reading.name, tags), {})
                        held.update((at + chunk.reading.shown, value) for at, value in points)
                    advance(done, len(chunks))
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        series = tuple(Series(name, kinds[name], tags, points) for (name, tags), points in sorted(found.items()))
        return Recording(CELL, start - max((each.back for each in readings), default=0), end, series)

    def _chunk(self, chunk: Chunk) -> _Answer:
        path = self._path(chunk)
        kept = _kept(path)
        if kept is not None:
            return kept
        answer = self._asked(chunk)
        if chunk.end + SETTLED <= self._now:
            _keep(path, answer)
        return answer

    def _path(self, chunk: Chunk) -> Path:
        # The key tells organisations apart; nothing of it can be read out of the digest.
        connection = self._api.connection
        text = f"{_FORM} {connection.url} {connection.api_key} {chunk.reading.query} {chunk.start} {chunk.end}"
        return self._folder / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.json"

    def _asked(self, chunk: Chunk) -> _Answer:
        found: dict[tuple[str, ...], list[tuple[int, float]]] = {}
        for series in self._api.series(str(chunk.reading.query), chunk.start, min(chunk.end, int(self._now))):
            interval = series.get("interval")
            if isinstance(interval, int | float) and interval > chunk.reading.step:
                raise ApiError(
                    f"Datadog answered `{chunk.reading.query}` in buckets of {interval:.0f} s",
                    hint="It keeps no finer ones of that time: choose a later --from",
                )
            tags = tuple(sorted(tag for tag in map(str, series.get("tag_set") or ()) if not tag.endswith(f":{ABSENT}")))
            found.setdefault(tags, []).extend(_points(series, chunk))
        return found


def chunks_of(reading: Reading, start: int, end: int) -> Iterator[Chunk]:
    """Yield the chunks in which evaluations from `start` to `end` read."""
    length = _POINTS * reading.step
    first = (start - reading.back) // length * length
    for begin in range(first, end, length):
        yield Chunk(reading, begin, begin + length)


def _points(series: Mapping[str, Any], chunk: Chunk) -> Iterator[tuple[int, float]]:
    """Yield the points of an answer; a bucket that begins at its end may be there too."""
    for at, value in series.get("pointlist") or ():
        second = int(at) // 1000
        if value is not None and chunk.start <= second < chunk.end:
            yield second, float(value)


def _kept(path: Path) -> _Answer | None:
    try:
        held = json.loads(path.read_bytes())
        return {tuple(tags): [(int(at), float(value)) for at, value in points] for tags, points in held}
    except FileNotFoundError:
        return None
    except (ValueError, TypeError):  # cut off, or of somebody else: it is asked again
        return None
    except OSError as error:
        raise DdllmError(f"the history cannot be read: {error.strerror}", where=str(path)) from None


def _keep(path: Path, answer: _Answer) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}")
        part.write_text(json.dumps([[tags, points] for tags, points in answer.items()], separators=(",", ":")), "utf-8")
        part.replace(path)
    except OSError as error:
        raise DdllmError(f"the history cannot be kept: {error.strerror}", where=str(path)) from None
