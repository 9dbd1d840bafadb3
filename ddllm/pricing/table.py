"""The catalogue's prices of Bedrock's models as a table of plain data: reading it takes 2 ms, loading genai-prices 200 and more.

`ddllm.pricing.make_table` makes the table of the installed genai-prices. It holds for that version alone: where another one is
installed, or where the application has loaded the library and may have given it newer prices, the library is asked.
"""

import json
import sys
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

from ddllm.pricing.tariff import Entry, Rates

#: The library's name as an installed distribution, and as a module.
LIBRARY = "genai-prices"
_MODULE = "genai_prices"
PATH = Path(__file__).with_name("bedrock.json")


class Row(NamedTuple):
    """One model of the table.

    match           the ids that are the model's: a comparison and its text, or `or` with a list of such
    model           the catalogue's own id
    context_window  as in `Entry`
    prices          each with the day from which on it holds (ISO 8601, empty: always held), the latest first
    """

    match: Sequence[Any]
    model: str
    context_window: int | None
    prices: Sequence[tuple[str, Sequence[Sequence[Any]]]]


def usable() -> tuple[Row, ...] | None:
    """Return the table, or None where the library is to be asked."""
    return None if _MODULE in sys.modules else _read()


@cache
def _read() -> tuple[Row, ...] | None:
    made = json.loads(PATH.read_text("utf-8"))
    try:
        installed = version(LIBRARY)
    except PackageNotFoundError:  # packed into one file, mostly: the library may be there without saying its version
        return None
    return tuple(Row(*row) for row in made["models"]) if made["version"] == installed else None


def find(rows: Sequence[Row], model_ref: str, tier: str | None, now: datetime) -> Entry | None:
    """Look a model up, as `ddllm.pricing.tariff.catalogued` does; None where the catalogue has no such model.

    No model of the table has a price of its own for a service tier.
    """
    ref = model_ref.lower()
    row = next((row for row in rows if _matches(row.match, ref)), None)
    if row is None:
        return None
    today = now.date().isoformat()
    steps = () if tier is not None else next((steps for since, steps in row.prices if since <= today), ())
    return Entry(tuple(Rates(*step) for step in steps), row.context_window, row.model)


def _matches(match: Sequence[Any], ref: str) -> bool:
    kind, what = match
    if kind == "or":
        return any(_matches(one, ref) for one in what)
    if kind == "contains":
        return what in ref
    if kind == "starts_with":
        return ref.startswith(what)
    return ref.endswith(what) if kind == "ends_with" else ref == what
