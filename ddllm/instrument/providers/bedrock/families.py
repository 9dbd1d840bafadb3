"""The families that ddllm knows, found by how a model's id begins."""

from ddllm.instrument.providers.bedrock import ai21, amazon_nova, amazon_titan, anthropic, cohere, meta, mistral, openai
from ddllm.instrument.providers.bedrock.family import Family

KNOWN: tuple[Family, ...] = (
    anthropic.FAMILY,
    meta.FAMILY,
    amazon_nova.FAMILY,
    amazon_titan.FAMILY,
    mistral.FAMILY,
    cohere.FAMILY,
    ai21.FAMILY,
    openai.FAMILY,
)


def of(model: str) -> Family | None:
    """Return the family of a model by its maker and name (`meta.llama3-8b-instruct-v1:0`); None where it is not known."""
    return next((family for family in KNOWN if model.startswith(family.ids)), None)
