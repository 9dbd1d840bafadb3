import pytest

from ddllm.sandbox.bedrock.failures import Refused
from ddllm.sandbox.bedrock.families import families, family_of


@pytest.mark.parametrize(
    ("model_id", "marker"),
    [
        ("anthropic.claude-3-haiku-20240307-v1:0", "anthropic.claude"),
        ("us.anthropic.claude-3-5-sonnet-20241022-v2:0", "anthropic.claude"),
        ("arn:aws:bedrock:us-east-1::foundation-model/meta.llama3-8b-instruct-v1:0", "meta.llama"),
        ("arn:aws:bedrock:us-east-1:123456789012:inference-profile/eu.meta.llama3-2-1b-instruct-v1:0", "meta.llama"),
    ],
)
def test_a_model_id_of_any_shape_has_its_family(model_id, marker):
    assert family_of(model_id).marker == marker


def test_an_unknown_model_is_refused():
    with pytest.raises(Refused, match="The provided model identifier is invalid"):
        family_of("amazon.titan-text-express-v1")


def test_families_do_not_overlap():
    markers = [family.marker for family in families()]
    assert len(markers) == len(set(markers)) == 2
