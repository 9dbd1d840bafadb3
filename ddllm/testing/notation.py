"""The notation of a series' values.

    5x10                ten points of 5              5 7 9       one point each
    1+2x10  1-2x10      a ramp: 1 and ten steps more  _x5  _      points without data
    normal(50,5)x60     noise around 50              poisson(4)x60
    bursty(40,20)x60    counts in bursts: mean 40, variance 20 times that
    daily(5,40)x1440    from 5 at 03:00 UTC to 40 at 15:00; weekly(5,40) likewise, with a third of it at weekends
    lognormal(p50=0.5,p95=0.8,n=40)x30      40 samples a point, of a distribution
    samples(0.4 0.5 3.1)x5                  these samples, at each point

A number of an argument may be another term, so that noise follows the day: `poisson(daily(5,40))x1440`,
`lognormal(p50=0.5,p95=0.8,n=poisson(4))x60`. Noise comes from the generator that the caller seeds.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from lark import Lark, Token, Transformer, UnexpectedInput, v_args

from ddllm.definitions.nearest import did_you_mean
from ddllm.errors import DdllmError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Whole = NDArray[np.int64]

_GRAMMAR = r"""
start: _WS? item (_WS item)* _WS?
item: GAP TIMES?                -> gap
    | NUMBER STEP TIMES         -> ramp
    | _value TIMES?             -> repeated
_value: NUMBER | call
call: NAME _OPEN (argument ((_COMMA | _WS) argument)*)? _CLOSE
argument: KEY? _value
GAP: "_"
TIMES: /x\d+/
STEP: /[+-](\d+\.?\d*|\.\d+)/
NUMBER: /[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?/
NAME: /[a-z]\w*/
KEY: /[a-z]\w*\s*=\s*/
_OPEN: /\(\s*/
_CLOSE.2: /\s*\)/
_COMMA.2: /\s*,\s*/
_WS: /\s+/
"""
_MOST_POINTS = 200_000
_Z95 = 1.6448536269514722  # standard deviations between the median of normal noise and its 95th percentile
_DAY, _WEEK = 86_400, 7 * 86_400
_MONDAY = 4 * _DAY  # the Unix epoch was a Thursday
_LOW_HOUR = 3
_WEEKEND = 1 / 3


class NotationError(DdllmError):
    """Values cannot be read."""


@dataclass(frozen=True)
class Samples:
    """What lies at each point: `counts[point]` of `values`, in their order. `plain` says that each is a number of the notation."""

    values: "Numbers"
    counts: "Whole"
    plain: bool

    def numbers(self) -> "Numbers":
        """Return one number a point, NaN where there is none."""
        found = np.full(len(self.counts), np.nan)
        found[self.counts > 0] = self.values
        return found


@dataclass(frozen=True)
class Points:
    """The times of points (Unix seconds), and what noise is drawn from."""

    times: "Whole"
    noise: np.random.Generator


_Drawn = Callable[[Points], Samples]


@dataclass(frozen=True)
class Notation:
    """Values that were read: so many points, each part drawn when its times are known."""

    parts: tuple[tuple[int, _Drawn], ...]

    @property
    def length(self) -> int:
        """How many points there are."""
        return sum(count for count, _ in self.parts)

    def at(self, times: "Whole", noise: np.random.Generator) -> Samples:
        """Return the values at times, as many as there are points. Raises NotationError where they cannot be."""
        drawn: list[Samples] = []
        begin = 0
        for count, draw in self.parts:
            drawn.append(draw(Points(times[begin : begin + count], noise)))
            begin += count
        values, counts = (np.concatenate([getattr(each, name) for each in drawn]) for name in ("values", "counts"))
        return Samples(values, counts, plain=all(each.plain for each in drawn))


@cache
def parse_values(text: str) -> Notation:
    """Read values. Raises NotationError with the place of what is wrong."""
    try:
        notation = cast("Notation", _grammar().parse(text))
    except UnexpectedInput as error:
        place = error.pos_in_stream or 0
        rest = text[place : place + 12]
        message = f"`{text}` cannot be read from `{rest}` on" if rest.strip() else f"`{text}` is not whole"
        raise NotationError(message, hint="Values are written as 5x10, 1+2x10, _x5 or poisson(4)x60") from None
    if notation.length > _MOST_POINTS:
        raise NotationError(f"`{text}` has more than {_MOST_POINTS:,} points", hint="Use a longer `interval`")
    return notation


# -- what terms draw


def _plain(values: "Numbers") -> Samples:
    there = ~np.isnan(values)
    return Samples(values[there], there.astype(np.int64), plain=True)


def _normal(points: Points, mean: "Numbers", deviation: "Numbers") -> Samples:
    return _plain(points.noise.normal(mean, np.maximum(deviation, 0)))


def _poisson(points: Points, mean: "Numbers") -> Samples:
    return _plain(points.noise.poisson(np.maximum(mean, 0)).astype(np.float64))


def _bursty(points: Points, mean: "Numbers", ratio: "Numbers") -> Samples:
    """Draw counts whose variance is `ratio` times their mean: a Poisson process whose rate itself varies."""
    spread = np.maximum(ratio - 1, 1e-9)
    rates = points.noise.gamma(np.maximum(mean, 1e-9) / spread, spread)
    return _plain(points.noise.poisson(rates).astype(np.float64))


def _of_day(points: Points) -> "Numbers":
    """Return how far up the day is: 0 at its low hour, 1 twelve hours later."""
    part: Numbers = (points.times - _LOW_HOUR * 3600) % _DAY / _DAY
    return (1 - np.cos(2 * np.pi * part)) / 2


def _daily(points: Points, low: "Numbers", high: "Numbers") -> Samples:
    return _plain(low + (high - low) * _of_day(points))


def _weekly(points: Points, low: "Numbers", high: "Numbers") -> Samples:
    weekend = (points.times - _MONDAY) % _WEEK >= 5 * _DAY
    return _plain(low + (high - low) * _of_day(points) * np.where(weekend, _WEEKEND, 1))


def _lognormal(points: Points, p50: "Numbers", p95: "Numbers", n: "Numbers") -> Samples:
    if (p50 <= 0).any() or (p95 < p50).any():
        raise NotationError("lognormal() needs 0 < p50 <= p95")
    counts = np.maximum(np.rint(n), 0).astype(np.int64)
    middle, sigma = np.log(p50), np.log(p95 / p50) / _Z95
    values = points.noise.lognormal(np.repeat(middle, counts), np.repeat(sigma, counts))
    return Samples(values, counts, plain=False)


def _samples(points: Points, *values: "Numbers") -> Samples:
    table = np.array(values).T
    return Samples(table.ravel(), np.full(len(points.times), len(values), np.int64), plain=False)


_TERMS: Mapping[str, Callable[..., Samples]] = {
    "normal": _normal,
    "poisson": _poisson,
    "bursty": _bursty,
    "daily": _daily,
    "weekly": _weekly,
    "lognormal": _lognormal,
    "samples": _samples,
}


def _constant(number: float) -> _Drawn:
    return lambda points: _plain(np.full(len(points.times), number))


def _called(name: str, arguments: Sequence[tuple[str | None, _Drawn]]) -> _Drawn:
    """Return what draws a term; its arguments are drawn first, a number a point each."""
    draw = _TERMS.get(name)
    if draw is None:
        raise NotationError(f"there is no `{name}(…)`", hint=did_you_mean(name, _TERMS))
    plain = [each for key, each in arguments if key is None]
    named = {key: each for key, each in arguments if key is not None}
    wanted = list(signature(draw).parameters.values())[1:]
    try:
        signature(draw).bind(None, *plain, **named)
    except TypeError:
        raise NotationError(f"it is written as {name}({', '.join(map(_shown, wanted))})") from None
    if not arguments:
        raise NotationError(f"{name}() holds nothing")

    def drawn(points: Points) -> Samples:
        values = [_numbers(each, points) for each in plain]
        return draw(points, *values, **{key: _numbers(each, points) for key, each in named.items()})

    return drawn


def _shown(parameter: Parameter) -> str:
    return "number …" if parameter.kind is Parameter.VAR_POSITIONAL else parameter.name


def _numbers(draw: _Drawn, points: Points) -> "Numbers":
    found = draw(points)
    if not found.plain:
        raise NotationError("a distribution cannot be the number inside of another term")
    return found.numbers()


@v_args(inline=True)
class _Builder(Transformer[Token, Notation]):
    """Makes parts of what was parsed."""

    def start(self, *parts: tuple[int, _Drawn]) -> Notation:
        return Notation(parts)

    def gap(self, _: Token, times: Token | None = None) -> tuple[int, _Drawn]:
        return _count(times), _constant(np.nan)

    def ramp(self, first: Token, step: Token, times: Token) -> tuple[int, _Drawn]:
        values = float(first) + float(step) * np.arange(_count(times) + 1)
        return len(values), lambda _: _plain(values.astype(np.float64))

    def repeated(self, value: Any, times: Token | None = None) -> tuple[int, _Drawn]:
        return _count(times), _draw(value)

    def call(self, name: Token, *arguments: tuple[str | None, _Drawn]) -> _Drawn:
        return _called(str(name), arguments)

    def argument(self, *parts: Any) -> tuple[str | None, _Drawn]:
        *key, value = parts
        return (str(key[0]).rstrip("= \t\n") if key else None), _draw(value)


def _draw(value: Any) -> _Drawn:
    return _constant(float(value)) if isinstance(value, Token) else value


def _count(times: Token | None) -> int:
    return int(times[1:]) if times else 1


@cache
def _grammar() -> Lark:
    return Lark(_GRAMMAR, parser="lalr", maybe_placeholders=False, transformer=cast("Any", _Builder()))
