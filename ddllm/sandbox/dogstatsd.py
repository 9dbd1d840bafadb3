"""The DogStatsD datagram format, one line at a time.

    <name>:<value>[:<value>…]|<type>[|@<rate>][|#<tag>,…][|T<seconds>][|c:<container>][|e:<external>][|card:<level>]
    _e{<title bytes>,<text bytes>}:<title>|<text>[|…]
    _sc|<name>|<0 to 3>[|…]

What is accepted is what the Agent accepts (datadog-agent, comp/dogstatsd/server/impl/parse*.go, read 2026-08): unknown
fields are ignored, empty values between packed ones are skipped, a timing is a histogram. Where the Agent takes a wrong
line as something else (a sample rate of 0 or 2, a value of NaN), this says that it is wrong.
"""

from dataclasses import dataclass
from math import isfinite
from typing import Literal

from ddllm.query.series import values_of

Kind = Literal["count", "gauge", "histogram", "distribution", "set"]

KINDS: dict[bytes, Kind] = {
    b"c": "count",
    b"g": "gauge",
    b"h": "histogram",
    b"ms": "histogram",
    b"d": "distribution",
    b"s": "set",
}

Reason = Literal["format", "name", "value", "type", "sample_rate", "timestamp", "encoding", "event", "service_check"]

#: The characters of a number. Python's float() also reads `nan`, `1_000` and spaces, which are no DogStatsD values.
NUMBER_CHARACTERS = b"0123456789+-.eE"

#: Below one in a thousand million nobody samples, and one over the rate would leave the range of floats.
_LOWEST_RATE = 1e-9

#: Tags that tell the Agent about the sender and that it removes (comp/dogstatsd/server/impl/enrich.go).
_ORIGIN_TAGS = "dd.internal."


class Malformed(ValueError):  # noqa: N818 - reads as what it says of a line
    """A line that is not DogStatsD. `reason` is one word to count it by, the text shows the line."""

    def __init__(self, reason: Reason, line: bytes) -> None:
        super().__init__(f"{reason}: {line[:200]!r}")
        self.reason: Reason = reason


@dataclass(frozen=True, slots=True)
class Context:
    """What samples are added up under: a metric, its kind and its tags, sorted and without duplicates."""

    metric: str
    kind: Kind
    tags: tuple[str, ...] = ()

    def values_of(self, tag: str) -> tuple[str, ...]:
        """Return the values of a tag: none, one, or several. A tag without a colon has the value ""."""
        return values_of(self.tags, tag)


@dataclass(frozen=True, slots=True)
class Sample:
    """One line of a metric: its numbers, or the text of a set. Each number stands for `weight` (1 / sample rate) of its like.

    `timestamp` is in seconds, None where the line carries none.
    """

    context: Context
    values: tuple[float, ...] = ()
    text: str = ""
    weight: float = 1.0
    timestamp: int | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """A Datadog event."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class ServiceCheck:
    """A service check: 0 is ok, 1 warning, 2 critical, 3 unknown."""

    name: str
    status: int


def parse(line: bytes) -> Sample | Event | ServiceCheck:
    """Read one line, without its line feed. Raises `Malformed`, and nothing else."""
    try:
        if line.startswith(b"_e{"):
            return _event(line)
        if line.startswith(b"_sc"):
            return _service_check(line)
        return _sample(line)
    except UnicodeDecodeError:
        raise Malformed("encoding", line) from None


def number(text: bytes) -> float | None:
    """Read a finite number in the wire's notation; None where the text is something else."""
    if text.translate(None, NUMBER_CHARACTERS):
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    return value if isfinite(value) else None


def _sample(line: bytes) -> Sample:
    head, separator, fields = line.partition(b"|")
    name, colon, raw = head.partition(b":")
    if not (separator and colon):
        raise Malformed("format", line)
    if not name:
        raise Malformed("name", line)
    symbol, *options = fields.split(b"|")
    kind = KINDS.get(symbol)
    if kind is None:
        raise Malformed("type", line)
    if not raw:
        raise Malformed("value", line)
    tags: tuple[str, ...] = ()
    weight, timestamp = 1.0, None
    for option in options:
        if option.startswith(b"#"):
            tags = _tags(option[1:])
        elif option.startswith(b"@"):
            weight = _weight(option[1:], line)
        elif option.startswith(b"T"):
            timestamp = _timestamp(option[1:], line)
    context = Context(name.decode(), kind, tags)
    if kind == "set":
        return Sample(context, text=raw.decode(), weight=weight, timestamp=timestamp)
    return Sample(context, _numbers(raw, line), weight=weight, timestamp=timestamp)


def _numbers(raw: bytes, line: bytes) -> tuple[float, ...]:
    values = tuple(number(text) for text in raw.split(b":") if text)
    if not values or None in values:
        raise Malformed("value", line)
    return tuple(value for value in values if value is not None)


def _tags(raw: bytes) -> tuple[str, ...]:
    tags = {tag for tag in raw.decode().split(",") if tag and not tag.startswith(_ORIGIN_TAGS)}
    return tuple(sorted(tags))


def _weight(raw: bytes, line: bytes) -> float:
    rate = number(raw)
    if rate is None or not _LOWEST_RATE <= rate <= 1:
        raise Malformed("sample_rate", line)
    return 1 / rate


def _timestamp(raw: bytes, line: bytes) -> int:
    if not raw.isdigit() or len(raw) > 12 or not int(raw):  # noqa: PLR2004 - 12 digits of seconds are 30,000 years
        raise Malformed("timestamp", line)
    return int(raw)


def _event(line: bytes) -> Event:
    header, _, body = line.partition(b":")
    lengths = header[3:-1].split(b",")
    if not header.endswith(b"}") or len(lengths) != 2 or not all(n.isdigit() and len(n) < 8 for n in lengths):  # noqa: PLR2004 - two lengths, below any datagram's
        raise Malformed("event", line)
    title, text = (int(n) for n in lengths)
    if not title or len(body) < title + 1 + text or body[title : title + 1] != b"|":
        raise Malformed("event", line)
    return Event(_unescape(body[:title]), _unescape(body[title + 1 : title + 1 + text]))


def _unescape(text: bytes) -> str:
    return text.decode().replace("\\n", "\n")


def _service_check(line: bytes) -> ServiceCheck:
    mark, name, status, *_ = [*line.split(b"|"), b"", b""]
    if mark != b"_sc" or not name or status not in {b"0", b"1", b"2", b"3"}:
        raise Malformed("service_check", line)
    return ServiceCheck(name.decode(), int(status))
