import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddllm.pricing.bedrock_ids import ModelId, parse

ACCOUNT = "arn:aws:bedrock:us-east-1:123456789012"


@pytest.mark.parametrize(
    ("model_id", "parsed"),
    [
        ("anthropic.claude-v2", ModelId("", "", "anthropic", "claude-v2")),
        ("us.anthropic.claude-sonnet-4-6", ModelId("", "us", "anthropic", "claude-sonnet-4-6")),
        ("us-gov.meta.llama3-8b-instruct-v1:0", ModelId("", "us-gov", "meta", "llama3-8b-instruct-v1:0")),
        ("global.amazon.nova-2-lite-v1:0", ModelId("", "global", "amazon", "nova-2-lite-v1:0")),
        ("apac.amazon.nova-lite-v1:0", ModelId("", "apac", "amazon", "nova-lite-v1:0")),
        ("zai.glm-5.3", ModelId("", "", "zai", "glm-5.3")),
        ("global.zai.glm-5.3", ModelId("", "global", "zai", "glm-5.3")),
        ("moonshotai.kimi-k3.1", ModelId("", "", "moonshotai", "kimi-k3.1")),
        ("ai21.jamba-1-5-large-v1:0", ModelId("", "", "ai21", "jamba-1-5-large-v1:0")),
        ("does-not-exist", ModelId("", "", "", "does-not-exist")),
        ("", ModelId("", "", "", "")),
        (
            "arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/amazon.titan-text-express-v1",
            ModelId("foundation-model", "", "amazon", "titan-text-express-v1", "aws-us-gov"),
        ),
        (
            f"{ACCOUNT}:inference-profile/eu.anthropic.claude-3-haiku-20240307-v1:0",
            ModelId("inference-profile", "eu", "anthropic", "claude-3-haiku-20240307-v1:0"),
        ),
        (
            f"{ACCOUNT}:custom-model/anthropic.claude-3-haiku-20240307-v1:0:200k/abcdefghij12",
            ModelId("custom-model", "", "anthropic", "claude-3-haiku-20240307-v1:0:200k/abcdefghij12"),
        ),
        (
            f"{ACCOUNT}:application-inference-profile/1arbu5hu2sjr",
            ModelId("application-inference-profile", "", "", "application-inference-profile/1arbu5hu2sjr"),
        ),
        (
            "arn:aws:sagemaker:us-east-1:123456789012:endpoint/quick-start.v1",
            ModelId("endpoint", "", "", "endpoint/quick-start.v1"),
        ),
        (f"{ACCOUNT}:prompt/ABCDEFGHIJ:2", ModelId("prompt", "", "", "prompt/abcdefghij:2")),
    ],
)
def test_a_model_id_is_taken_apart(model_id, parsed):
    assert parse(model_id) == parsed


@pytest.mark.parametrize(
    ("model_id", "short"),
    [
        ("us.anthropic.claude-3-5-sonnet-20241022-v2:0", "claude-3-5-sonnet-20241022-v2"),
        ("anthropic.claude-v2:1", "claude-v2:1"),
        ("mistral.mistral-7b-instruct-v0:2", "mistral-7b-instruct-v0:2"),
        ("anthropic.claude-3-haiku-20240307-v1:0:48k", "claude-3-haiku-20240307-v1:48k"),
        (f"{ACCOUNT}:custom-model/amazon.titan-text-lite-v1:0:4k/abcdefghij12", "titan-text-lite-v1:4k/abcdefghij12"),
    ],
)
def test_the_first_revision_is_left_out_and_others_are_kept(model_id, short):
    assert parse(model_id).short == short


def test_spellings_go_from_the_profile_to_the_bare_name():
    assert parse("us.anthropic.claude-sonnet-4-20250514-v1:0").spellings == (
        "us.anthropic.claude-sonnet-4-20250514-v1:0",
        "anthropic.claude-sonnet-4-20250514-v1:0",
        "claude-sonnet-4-20250514-v1",
    )


@given(st.text())
def test_any_text_is_taken_apart(text):
    assert all(isinstance(part, str) for part in parse(text))
