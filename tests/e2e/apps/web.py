"""A WSGI application of plain boto3: one Converse a request. The client is made when the module loads, as people do."""

from collections.abc import Callable, Iterable
from typing import Any

from tests.e2e.apps.calls import ASKED, MODELS, make_client

CLIENT = make_client()


def application(_: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    answer = CLIENT.converse(modelId=MODELS["converse"], messages=ASKED)
    text = answer["output"]["message"]["content"][0]["text"].encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(text)))])
    return [text]
