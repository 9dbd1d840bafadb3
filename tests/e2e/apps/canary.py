"""An application whose prompts and answers hold what nobody else may see, in every place where ddllm looks at them.

    python -m tests.e2e.apps.canary CANARY

The answers are what the server makes of it (tests/e2e/test_secrets.py); BEDROCK_URL says where.
"""

import contextlib
import json
import logging
import os
import sys
from typing import Any

import boto3
from botocore.exceptions import ClientError

import ddllm

logging.basicConfig(level=logging.DEBUG)
for noisy in ("botocore", "urllib3", "boto3"):  # they log what they send, and are not ours
    logging.getLogger(noisy).setLevel(logging.WARNING)

CANARY = sys.argv[1]
CLAUDE = "us.anthropic.claude-3-5-sonnet-20241022-v2:0"
client = boto3.client("bedrock-runtime", endpoint_url=os.environ["BEDROCK_URL"])
asked = {
    "system": [{"text": f"You know {CANARY}."}],
    "messages": [{"role": "user", "content": [{"text": f"Tell me about {CANARY}."}]}],
}
SCHEMA = {"type": "object", "required": ["city"], "properties": {"city": {"const": CANARY + "x"}}}


def refuses(text: str) -> bool:
    raise ValueError(f"not {text}")


def converse(**more: Any) -> None:
    client.converse(modelId=CLAUDE, **asked, **more)


with ddllm.context(feature="secrets", conversation=CANARY):
    for expects in (None, "json", SCHEMA, {"kind": "regex", "schema": CANARY}, refuses):
        with ddllm.context(expects=expects):
            converse()
    with ddllm.action("look"):
        for event in client.converse_stream(modelId=CLAUDE, **asked)["stream"]:
            assert event
    tool = {"toolSpec": {"name": "find", "inputSchema": {"json": SCHEMA}}}
    converse(toolConfig={"tools": [tool]})
    body = json.dumps(
        {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 9, "messages": [{"role": "user", "content": CANARY}]}
    )
    client.invoke_model(modelId=CLAUDE, body=body)["body"].read()
    list(client.invoke_model_with_response_stream(modelId=CLAUDE, body=body)["body"])
    ddllm.feedback(ddllm.last_call(), "thumbs_down")
    with contextlib.suppress(ClientError):
        client.converse(modelId="failing", **asked)
