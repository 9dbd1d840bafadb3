"""A page on which people ask, read the answer as it is written, and say what they think of it: FastAPI, boto3 and ddllm.

pip install fastapi uvicorn
DD_SERVICE=shop ddtrace-run uvicorn thumbs:app

`ddllm.last_call()` is asked while the answer is still on its way; its reference goes to the browser in a header, and comes back with
the click. Set DDLLM_FEEDBACK_KEY to a secret of your own: a browser then cannot make references up.
"""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Literal

import boto3
from botocore.eventstream import EventStream
from fastapi import FastAPI
from fastapi.responses import FileResponse, StreamingResponse
from pydantic import BaseModel

import ddllm

MODEL = "us.anthropic.claude-3-5-sonnet-20241022-v2:0"

app = FastAPI()
bedrock = boto3.client("bedrock-runtime", region_name="us-east-1")


class Question(BaseModel):
    text: str
    conversation: str


class Opinion(BaseModel):
    ref: str
    kind: Literal["thumbs_up", "thumbs_down"]


@app.get("/")
def page() -> FileResponse:
    return FileResponse(Path(__file__).with_name("thumbs.html"))


@app.post("/ask")
def ask(question: Question) -> StreamingResponse:
    with ddllm.context(feature="ask", prompt_template="shop", prompt_version="v1", conversation=question.conversation):
        answer = bedrock.converse_stream(
            modelId=MODEL,
            system=[{"text": "You answer questions of a bicycle shop's customers in two sentences."}],
            messages=[{"role": "user", "content": [{"text": question.text}]}],
        )
        ref = ddllm.last_call()
    return StreamingResponse(said(answer["stream"]), media_type="text/plain", headers={"X-Answer-Ref": ref or ""})


def said(stream: EventStream) -> Iterator[str]:
    with closing(stream):  # whoever closes the tab leaves the answer, and is not waited for
        for event in stream:
            yield event.get("contentBlockDelta", {}).get("delta", {}).get("text", "")


@app.post("/feedback", status_code=204)
def feedback(opinion: Opinion) -> None:
    ddllm.feedback(opinion.ref, opinion.kind)
