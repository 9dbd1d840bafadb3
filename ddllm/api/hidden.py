"""Takes secrets out of what a server says: it may repeat what it was sent, in any form in which it was sent."""

import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

_HIDDEN = "********"


def hidden_forms(texts: Iterable[str]) -> frozenset[str]:
    """Return the forms in which texts may come back: as they are, inside JSON, inside an address. Empty ones have none."""
    return frozenset(
        form
        for text in texts
        if text.strip()
        for form in (text, text.strip(), json.dumps(text)[1:-1], quote(text, safe=""), quote(text), quote_plus(text))
    )


def without(value: Any, forms: frozenset[str]) -> Any:
    """Return a text, or every text inside a value of JSON, with each of the forms hidden, the longest first."""
    if isinstance(value, str):
        for form in sorted(forms, key=lambda each: (-len(each), each)):
            value = value.replace(form, _HIDDEN)
        return value
    if isinstance(value, Mapping):
        return {without(key, forms): without(item, forms) for key, item in value.items()}
    return [without(item, forms) for item in value] if isinstance(value, list) else value
