"""The Python examples of README.md and docs/, for mypy alone: what pages show is what types allow.

tests/unit/test_readme.py fails where a page shows what does not stand here.
"""

import boto3
from mypy_boto3_bedrock_runtime.client import BedrockRuntimeClient
from mypy_boto3_bedrock_runtime.type_defs import MessageTypeDef

import ddllm
import ddllm.auto
from ddllm import pricing
from ddllm.quality import check_structured

client: BedrockRuntimeClient = boto3.client("bedrock-runtime")
model = "us.anthropic.claude-3-5-sonnet-20241022-v2:0"
messages: list[MessageTypeDef] = [{"role": "user", "content": [{"text": "Why is the sky blue?"}]}]

with ddllm.context(feature="search", prompt_template="qa", prompt_version="v12"):
    client.converse(modelId=model, messages=messages)


@ddllm.context(feature="summary")
def summarise(text: str) -> str:
    answer = client.converse(modelId=model, messages=[{"role": "user", "content": [{"text": text}]}])
    return answer["output"]["message"]["content"][0]["text"]


@ddllm.action("checkout_assistant")
def answer(question: str) -> str:
    return summarise(question)


with ddllm.context(feature="search", prompt_template="qa", prompt_version="v12"):
    client.converse(modelId=model, messages=messages)
    ref = ddllm.last_call()


def disliked(ref: str) -> None:
    ddllm.feedback(ref, "thumbs_down")


with ddllm.context(conversation="a session's id"):
    client.converse(modelId=model, messages=messages)


result = check_structured('{"title": "Emma"}', {"type": "object", "required": ["pages"]}, finish_reason="end_turn")
assert (result.ok, result.reason, result.format) == (False, "schema", "json_schema")

ddllm.patch()
ddllm.unpatch()

usage = pricing.Usage(input=12_000, output=800, cache_read=9_000)
cost = pricing.cost("aws.bedrock", "us.anthropic.claude-sonnet-4-6", usage)
print("unpriced" if cost is None else f"{cost.usd:.5f} dollars by {cost.source}")

for step in pricing.rates("aws.bedrock", "us.anthropic.claude-haiku-5-5"):
    saved = (step.input - step.cache_read) * 1e6
    print(f"more than {step.above} tokens sent: a million from the cache save {saved:.3f} dollars")
