"""Makes the table of Bedrock's prices, `bedrock.json`, of the installed genai-prices.

    python -m ddllm.pricing.make_table

Prices are those that `tariff.catalogued` finds, at the beginning and from each day on which one changes. What the table cannot say
(a price by the time of day or by the service tier, another way to match an id) is an error: then `ddllm.pricing.table` has to learn it.
"""

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from importlib.metadata import version
from typing import Any

from genai_prices.data import providers
from genai_prices.types import ModelInfo, StartDateConstraint

from ddllm.pricing.table import LIBRARY, PATH
from ddllm.pricing.tariff import catalogued

_COMPARISONS = ("contains", "starts_with", "ends_with", "equals")
#: The library reads `-20260131` at the end of an id as this, where nothing else matches; no id of Bedrock's has it.
_DASHED_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def text() -> str:
    """Return the table of the installed library, a line a model."""
    provider = next(provider for provider in providers if provider.id == "aws")
    if provider.fallback_model_providers:
        raise ValueError("the catalogue looks for models of aws elsewhere too, which the table cannot say")
    lines = ",\n".join(json.dumps(_row(model)) for model in provider.models)
    return f'{{"version": "{version(LIBRARY)}", "models": [\n{lines}\n]}}\n'


def _row(model: ModelInfo) -> tuple[Any, ...]:
    if model.price_variants:
        raise ValueError(f"{model.id} has prices by the request, which the table cannot say")
    match = _match(model.match, model.id)
    ref = _first(match)
    prices = []
    for day in sorted(_days(model), reverse=True):
        found = catalogued("aws", ref, None, datetime.combine(day, time(), UTC))
        if found is None or found.model != model.id:
            raise ValueError(f"{ref} is an id of {model.id} and of another model of the catalogue")
        prices.append(("" if day == date.min else day.isoformat(), found.rates))
    return match, model.id, model.context_window, prices


def _days(model: ModelInfo) -> Iterator[date]:
    yield date.min
    for price in model.prices if isinstance(model.prices, list) else ():
        if isinstance(price.constraint, StartDateConstraint):
            yield price.constraint.start_date
        elif price.constraint is not None:
            raise ValueError(f"{model.id} has a price by {price.constraint}, which the table cannot say")


def _match(clause: Any, model_id: str) -> tuple[str, Any]:
    if hasattr(clause, "or_"):
        return "or", [_match(one, model_id) for one in clause.or_]
    for kind in _COMPARISONS:
        what = getattr(clause, kind, None)
        if what is not None and not _DASHED_DAY.search(what):
            return kind, what.lower()
    raise ValueError(f"{model_id} is matched by {clause}, which the table cannot say")


def _first(match: tuple[str, Any]) -> str:
    kind, what = match
    return _first(what[0]) if kind == "or" else what


if __name__ == "__main__":
    PATH.write_text(text(), "utf-8")
