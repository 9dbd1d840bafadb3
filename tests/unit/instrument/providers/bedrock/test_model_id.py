import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddllm.instrument.providers.bedrock import Model, identify

ACCOUNT = "arn:aws:bedrock:us-east-1:123456789012"


@pytest.mark.parametrize(
    ("model_id", "model"),
    [
        (
            "us.anthropic.claude-3-5-sonnet-20241022-v2:0",
            Model("anthropic", "claude-3-5-sonnet-20241022-v2", "anthropic"),
        ),
        ("global.anthropic.claude-opus-4-8", Model("anthropic", "claude-opus-4-8", "anthropic")),
        (
            "jp.anthropic.claude-haiku-4-5-20251001-v1:0",
            Model("anthropic", "claude-haiku-4-5-20251001-v1", "anthropic"),
        ),
        ("anthropic.claude-v2:1", Model("anthropic", "claude-v2:1", "anthropic")),
        ("us-gov.meta.llama3-8b-instruct-v1:0", Model("meta", "llama3-8b-instruct-v1", "meta")),
        ("apac.amazon.nova-lite-v1:0", Model("amazon", "nova-lite-v1", "amazon_nova")),
        ("amazon.titan-embed-text-v2:0", Model("amazon", "titan-embed-text-v2", "amazon_titan")),
        ("amazon.rerank-v1:0", Model("amazon", "rerank-v1", "unknown")),
        ("mistral.mistral-7b-instruct-v0:2", Model("mistral", "mistral-7b-instruct-v0:2", "mistral")),
        ("cohere.command-r-v1:0", Model("cohere", "command-r-v1", "cohere")),
        ("ai21.jamba-1-5-large-v1:0", Model("ai21", "jamba-1-5-large-v1", "ai21")),
        ("openai.gpt-oss-120b-1:0", Model("openai", "gpt-oss-120b-1", "openai")),
        ("qwen.qwen3-32b-v1:0", Model("qwen", "qwen3-32b-v1", "openai")),
        ("us.deepseek.r1-v1:0", Model("deepseek", "r1-v1", "openai")),
        ("moonshot.kimi-k2-thinking", Model("moonshotai", "kimi-k2-thinking", "openai")),
        ("zai.glm-5.3", Model("zai", "glm-5.3", "openai")),
        ("stability.sd3-5-large-v1:0", Model("stability", "sd3-5-large-v1", "unknown")),
        (
            "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0",
            Model("anthropic", "claude-3-haiku-20240307-v1", "anthropic"),
        ),
        (
            f"{ACCOUNT}:inference-profile/us.anthropic.claude-3-7-sonnet-20250219-v1:0",
            Model("anthropic", "claude-3-7-sonnet-20250219-v1", "anthropic"),
        ),
        (
            f"{ACCOUNT}:custom-model/amazon.titan-text-lite-v1:0:4k/abcdefghij12",
            Model("amazon", "titan-text-lite-v1:4k/abcdefghij12", "amazon_titan"),
        ),
        (
            f"{ACCOUNT}:application-inference-profile/1arbu5hu2sjr",
            Model("unknown", "application-inference-profile/1arbu5hu2sjr", "unknown"),
        ),
        (
            f"{ACCOUNT}:provisioned-model/abcdefghij12",
            Model("unknown", "provisioned-model/abcdefghij12", "unknown"),
        ),
        (f"{ACCOUNT}:imported-model/abcdefghij12", Model("unknown", "imported-model/abcdefghij12", "unknown")),
        (
            f"{ACCOUNT}:custom-model-deployment/abcdefghij12",
            Model("unknown", "custom-model-deployment/abcdefghij12", "unknown"),
        ),
        (
            f"{ACCOUNT}:default-prompt-router/anthropic.claude:1",
            Model("unknown", "default-prompt-router/anthropic.claude:1", "unknown"),
        ),
        (f"{ACCOUNT}:prompt/ABCDEFGHIJ:3", Model("unknown", "prompt/abcdefghij:3", "unknown")),
        (
            "arn:aws:sagemaker:us-east-1:123456789012:endpoint/endpoint-quick-start-idr7y",
            Model("unknown", "endpoint/endpoint-quick-start-idr7y", "unknown"),
        ),
        ("does-not-exist", Model("unknown", "does-not-exist", "unknown")),
        ("", Model("unknown", "unknown", "unknown")),
        ("arn:", Model("unknown", "unknown", "unknown")),
    ],
)
def test_every_shape_of_id_says_who_made_what(model_id, model):
    assert identify(model_id) == model


@given(st.text())
def test_nothing_is_ever_empty_or_without_bound(model_id):
    model = identify(model_id)
    assert all(0 < len(part) <= 150 for part in model)
