"""Plays exchanges through boto3, as an application would: every answer is read to its end, every error is survived.

Reads JSON from standard input: {"url": …, "calls": [{"id", "operation", "model_id", "request", "context"?}, …]}; bytes stand as {"base64": …}.
Each call says its id as its feature, so that a test can tell whose metrics arrived. Prints, as JSON, the ids of the calls in which
ddtrace's own integration raised into the application: it cannot read every answer, old versions least of all.
"""

import base64
import json
import sys
import traceback
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

import ddllm

ANSWERS = {"converse_stream": "stream", "invoke_model_with_response_stream": "body"}


def decode(value: Any) -> Any:
    """Put the bytes back that JSON cannot hold."""
    if isinstance(value, dict):
        return (
            base64.b64decode(value["base64"])
            if value.keys() == {"base64"}
            else {k: decode(v) for k, v in value.items()}
        )
    return [decode(one) for one in value] if isinstance(value, list) else value


def _is_ddtraces(error: Exception) -> bool:
    """Tell whether ddtrace's own integration raised: on its own lines, or as a ValueError of the JSON parser that it called."""
    return "/ddtrace/contrib/" in "".join(frame.filename for frame in traceback.extract_tb(error.__traceback__)[-5:])


def main() -> None:
    """Make every call once, in order."""
    todo = json.load(sys.stdin)
    config = Config(retries={"total_max_attempts": 1}, read_timeout=5)
    client = boto3.client("bedrock-runtime", endpoint_url=todo["url"], config=config)
    playing = {"id": ""}

    def choose(params: dict[str, Any], **_: Any) -> None:
        params["url"] = params["url"].replace("/model/", f"/~exchange={playing['id']}/model/", 1)

    client.meta.events.register("before-call", choose)
    broken = []
    for call in todo["calls"]:
        playing["id"] = call["id"]
        with ddllm.context(feature=call["id"], **call.get("context", {})):
            try:
                answer = getattr(client, call["operation"])(modelId=call["model_id"], **decode(call["request"]))
                if call["operation"] in ANSWERS:
                    for _ in answer[ANSWERS[call["operation"]]]:
                        pass
                elif call["operation"] == "invoke_model":
                    answer["body"].read()
            except ClientError:
                pass
            except Exception as error:
                if not _is_ddtraces(error):
                    raise
                broken.append(call["id"])
    sys.stdout.write(json.dumps(broken))


if __name__ == "__main__":
    main()
