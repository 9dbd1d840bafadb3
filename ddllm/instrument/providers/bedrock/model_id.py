"""Who made a model and what it is called, by the id that the application used."""

from functools import lru_cache
from typing import NamedTuple

from ddllm.catalog import UNKNOWN
from ddllm.instrument.providers.bedrock import families
from ddllm.pricing import bedrock_ids

#: Datadog's limit is 200 characters for a tag's key and value together.
_LONGEST = 150
#: Makers that Bedrock spells in two ways.
_MAKERS = {"moonshot": "moonshotai"}


class Model(NamedTuple):
    """The tags `model_vendor` and `model_name`, never empty, and the name of the family whose bodies the model speaks.

    An ARN that names no model is `<kind>/<resource>` by an unknown vendor.
    """

    vendor: str
    name: str
    family: str


@lru_cache(maxsize=1024)
def identify(model_id: str) -> Model:
    """Identify a model by any id that Bedrock takes; any other text is its own name."""
    parsed = bedrock_ids.parse(model_id)
    family = families.of(f"{parsed.maker}.{parsed.name}")
    return Model(
        _MAKERS.get(parsed.maker, parsed.maker)[:_LONGEST] or UNKNOWN,
        parsed.short[:_LONGEST] or UNKNOWN,
        family.name if family else UNKNOWN,
    )
