import pytest

from ddllm.pricing.bedrock_ids import parse
from ddllm.pricing.bedrock_prices import is_model, is_priced, limit, references
from ddllm.pricing.tariff import Rates

ACCOUNT = "arn:aws:bedrock:us-east-1:123456789012"
FLAT = (Rates(-1, 1e-6, 2e-6, 1e-7, 1.25e-6, None),)


@pytest.mark.parametrize(
    ("model_id", "asked"),
    [
        ("amazon.nova-lite-v1:0", ("amazon.nova-lite-v1:0",)),
        ("us.amazon.nova-lite-v1:0", ("us.amazon.nova-lite-v1:0", "amazon.nova-lite-v1:0")),
        ("global.amazon.nova-2-lite-v1:0", ("global.amazon.nova-2-lite-v1:0",)),
        (f"{ACCOUNT}:inference-profile/eu.zai.glm-5.3", ("eu.zai.glm-5.3", "zai.glm-5.3")),
        (f"{ACCOUNT}:provisioned-model/abc", ()),
        (f"{ACCOUNT}:custom-model/amazon.nova-lite-v1:0/abc", ()),
        ("nova-lite", ()),
    ],
)
def test_a_profile_is_asked_for_before_its_model(model_id, asked):
    assert references(parse(model_id)) == asked


@pytest.mark.parametrize(
    ("model_id", "found", "same"),
    [
        ("us.amazon.nova-2-lite-v1:0", "regional.amazon.nova-2-lite-v1:0", True),
        ("us.anthropic.claude-sonnet-4-6", "regional.anthropic.claude-sonnet-4-6-v1:0", True),
        ("us.anthropic.claude-opus-4-5-20251101-v1:0", "regional.anthropic.claude-opus-4-5-v1:0", True),
        ("amazon.nova-lite-v1:0:24k", "amazon.nova-lite-v1:0", True),
        ("mistral.mixtral-8x7b-instruct-v0:1", "mistral.mixtral-8x7b-instruct-v0:1", True),
        ("mistral.mixtral-8x7b-instruct-v0", "mistral.mixtral-8x7b-instruct-v0:1", False),
        ("amazon.nova-lite-v2:0", "amazon.nova-lite-v1:0", False),
        ("amazon.nova-lite-v1:1", "amazon.nova-lite-v1:0", False),
        ("amazon.nova-lite-preview-v1:0", "amazon.nova-lite-v1:0", False),
        ("meta.llama3-8b-instruct-v1:0", "amazon.llama3-8b-instruct-v1:0", False),
        (
            "us.anthropic.claude-3-5-sonnet-20240620-v1:0",
            "regional.anthropic.claude-3-5-sonnet-20241022-v1:0",
            False,
        ),
    ],
)
def test_an_entry_is_that_of_the_model_where_all_that_both_say_is_the_same(model_id, found, same):
    assert is_model(parse(model_id), found) is same


@pytest.mark.parametrize(
    ("model_id", "found", "priced"),
    [
        ("amazon.nova-lite-v1:0", "amazon.nova-lite-v1:0", True),
        ("us.amazon.nova-lite-v1:0", "amazon.nova-lite-v1:0", True),
        ("eu.amazon.nova-lite-v1:0", "amazon.nova-lite-v1:0", False),
        ("global.amazon.nova-lite-v1:0", "amazon.nova-lite-v1:0", False),
        ("eu.zai.glm-5.3", "regional.zai.glm-5.3", True),
        ("global.zai.glm-5.3", "regional.zai.glm-5.3", False),
        ("global.zai.glm-5.3", "global.zai.glm-5.3", True),
        ("us-gov.zai.glm-5.3", "regional.zai.glm-5.3", False),
        ("arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/zai.glm-5.3", "regional.zai.glm-5.3", False),
        ("zai.glm-5.3:0:8k", "regional.zai.glm-5.3", False),
    ],
)
def test_a_price_holds_on_demand_and_in_its_geography(model_id, found, priced):
    assert is_priced(parse(model_id), found) is priced


def test_the_catalogues_own_steps_go_before_a_limit():
    sonnet = parse("us.anthropic.claude-sonnet-4-5-20250929-v1:0")
    assert limit(sonnet, FLAT) == 200_000
    assert limit(sonnet, (Rates(200_000, *FLAT[0][1:]), *FLAT)) is None
    assert limit(parse("us.anthropic.claude-sonnet-4-6"), FLAT) is None
