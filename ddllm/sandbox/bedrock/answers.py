"""What the simulated models say. The words are our own, chosen by a seeded generator; they sound like an answer and mean nothing."""

import json
from collections.abc import Mapping
from random import Random
from typing import Any

from ddllm.sandbox.bedrock.ask import count_tokens

_OPENINGS = (
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    "The short answer is that ",
    "In most cases, ",
    "It depends on the season, but usually ",
    "From what you describe, ",
    "Going by the manual, ",
    "As far as the records show, ",
    "The safe choice is this: ",
    "Before anything else, ",
    "There is one thing to check first: ",
    "Since last spring, ",
)
_SUBJECTS = (
    "the workshop",
    "a spare part",
    "the older model",
    "your order",
    "the front gear",
    "a careful rider",
    "the supplier in Ghent",
    "our second warehouse",
    "the delivery window",
    "the warranty",
    "a fresh pair of brake pads",
    "the repair desk",
)
_VERBS = (
    "covers",
    "comes with",
    "replaces",
    "depends on",
    "is checked against",
    "arrives before",
    "fits",
    "takes longer than",
    "was built for",
    "goes together with",
    "needs",
    "outlasts",
)
_OBJECTS = (
    "the usual two working days",
    "a signed delivery note",
    "every frame sold since 2019",
    "a torque of six newton metres",
    "the price on the invoice",
    "the longer chain",
    "a short test ride",
    "the yearly inspection",
    "whatever the catalogue lists under it",
    "a new cable and a drop of oil",
    "the smaller of the two sizes",
    "the customer's own wheels",
)
_ENDINGS = (
    "",
    "",
    ", so nothing has to be paid twice",
    ", which is why we ask for the frame number",
    ", unless the box was opened",
    ", and the shop will confirm it by mail",
    ", although rain makes it slower",
    ", at no extra cost",
)
_REFUSALS = (
    "I'm sorry, but I can't help with that request.",
    "I'm not able to assist with this. Is there something else that I can do for you?",
    "I cannot provide that information.",
)
_PREAMBLES = ("Let me look that up.", "I'll check this for you.", "One moment while I find the record.", "")
_NAMES = (
    "Atlas Cycles",
    "Birch & Daughters",
    "Harbour Supply",
    "Nordlicht Parts",
    "Velodrome Ten",
    "Quay Street Bikes",
)

#: Values for properties whose name says what they hold.
_KNOWN: Mapping[str, tuple[Any, ...]] = {
    "currency": ("EUR", "USD", "GBP"),
    "date": ("2026-01-19", "2026-02-03", "2026-03-27"),
    "vendor": _NAMES,
    "customer": _NAMES,
    "query": ("brake pads", "chain length", "delivery time", "frame number"),
}


def text(rng: Random, tokens: int) -> str:
    """Return sentences of exactly as many tokens; the last may be cut, as a model's never is."""
    said = ""
    while count_tokens(said) < tokens:
        said += (" " if said else "") + _sentence(rng)
    return said[: 4 * tokens]


def _sentence(rng: Random) -> str:
    said = f"{rng.choice(_OPENINGS)}{rng.choice(_SUBJECTS)} {rng.choice(_VERBS)} {rng.choice(_OBJECTS)}{rng.choice(_ENDINGS)}."
    return said[0].upper() + said[1:]


def prose(rng: Random, tokens: int) -> str:
    """Return whole sentences of about as many tokens."""
    cut = text(rng, max(tokens, 12))
    return cut[: cut.rfind(".") + 1] or f"{cut}."


def refusal(rng: Random) -> str:
    """Return the words of a model that declines."""
    return rng.choice(_REFUSALS)


def preamble(rng: Random) -> str:
    """Return what a model says before it uses a tool; it may say nothing."""
    return rng.choice(_PREAMBLES)


def broken(rng: Random, document: str) -> str:
    """Return a JSON document as models break it: cut, with a comma too many, with the wrong quotes, with words around it."""
    ways = (
        document[: len(document) // 2],
        document[:-1] + ",}",
        document.replace('"', "'"),
        f"Here is the JSON that you asked for: {document[:-1]}",
    )
    return rng.choice(ways)


def document(rng: Random, schema: Mapping[str, Any]) -> str:
    """Return a JSON document that satisfies a JSON Schema, as far as the schema is a simple one."""
    return json.dumps(value(rng, schema))


def value(rng: Random, schema: Mapping[str, Any], name: str = "") -> Any:
    """Return a value that satisfies a JSON Schema: its types, enums, constants, alternatives, properties and items."""
    if "const" in schema:
        return schema["const"]
    if options := schema.get("enum"):
        return rng.choice(options)
    if options := schema.get("anyOf") or schema.get("oneOf"):
        return value(rng, rng.choice(options), name)
    kind = schema.get("type", "object" if "properties" in schema else "string")
    return _typed(rng, kind if isinstance(kind, str) else kind[0], schema, name)


def _typed(rng: Random, kind: str, schema: Mapping[str, Any], name: str) -> Any:
    match kind:
        case "object":
            return {key: value(rng, inner, key) for key, inner in schema.get("properties", {}).items()}
        case "array":
            return [value(rng, schema.get("items", {}), name) for _ in range(rng.randint(1, 3))]
        case "integer":
            return rng.randint(1, 40)
        case "number":
            return round(rng.uniform(8, 900), 2)
        case "boolean" | "null":
            return rng.choice((True, False)) if kind == "boolean" else None
    return rng.choice(_KNOWN.get(name, _SUBJECTS))
