"""The help desk of a bicycle shop: a service that tells ddllm what its calls are for, and what people think of the answers.

python helpdesk.py --seconds 30

One ticket is one user action: it is sorted (a tool call), answered (a stream), and answered again where the customer asks for
it. The lines with `ddllm` in them are all that it takes.
"""

import argparse
import threading
import time
from collections import Counter
from random import Random

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

import ddllm

HAIKU = "us.anthropic.claude-3-5-haiku-20241022-v1:0"
SONNET = "us.anthropic.claude-3-5-sonnet-20241022-v2:0"

TICKETS = (
    "The chain jumps since I changed the cassette. Which part is wrong?",
    "My order 4711 came without the bell. Can you send it?",
    "Can I return a helmet that I wore once?",
    "The app says that my service is due, but I was there last week.",
)
QUEUES = {
    "toolSpec": {
        "name": "sort_ticket",
        "inputSchema": {
            "json": {
                "type": "object",
                "required": ["query"],
                "properties": {"query": {"type": "string"}, "urgent": {"type": "boolean"}},
            }
        },
    }
}

bedrock = boto3.client(
    "bedrock-runtime",
    region_name="us-east-1",
    config=Config(retries={"mode": "standard", "total_max_attempts": 4}, read_timeout=20),
)


def ask(text: str) -> list[dict]:
    return [{"role": "user", "content": [{"text": text}]}]


def sort_ticket(ticket: str) -> None:
    bedrock.converse(
        modelId=HAIKU,
        messages=ask(f"Sort this ticket:\n{ticket}"),
        toolConfig={"tools": [QUEUES], "toolChoice": {"tool": {"name": "sort_ticket"}}},
    )


def answer(ticket: str) -> str:
    stream = bedrock.converse_stream(
        modelId=SONNET,
        system=[{"text": "You answer tickets of a bicycle shop, kindly and in three sentences."}],
        messages=ask(ticket),
        inferenceConfig={"maxTokens": 300},
    )["stream"]
    return "".join(event.get("contentBlockDelta", {}).get("delta", {}).get("text", "") for event in stream)


@ddllm.action("resolve_ticket", feature="helpdesk")
def resolve(ticket: str, number: int, rng: Random) -> ddllm.CallRef | None:
    with ddllm.context(prompt_template="sort_ticket", prompt_version="v2"):
        sort_ticket(ticket)
    with ddllm.context(prompt_template="answer_ticket", prompt_version="v7", conversation=f"ticket {number}"):
        answer(ticket)
        if rng.random() < 0.25:
            answer(ticket)  # the customer asks for another answer
        return ddllm.last_call()


def desk(until: float, seen: Counter[str], rng: Random) -> None:
    while time.monotonic() < until:
        try:
            reference = resolve(rng.choice(TICKETS), rng.randint(1, 10**9), rng)
            seen["resolved"] += 1
        except (ClientError, BotoCoreError, HTTPError):
            seen["not resolved"] += 1
            continue
        if rng.random() < 0.6:
            ddllm.feedback(reference, "thumbs_up" if rng.random() < 0.8 else "thumbs_down")
        time.sleep(rng.uniform(0.2, 0.8))


def main() -> None:
    arguments = argparse.ArgumentParser(description="The help desk of a bicycle shop, on Amazon Bedrock.")
    arguments.add_argument("--seconds", type=float, default=30, help="how long tickets come in (default: 30)")
    given = arguments.parse_args()

    seen = Counter()
    until = time.monotonic() + given.seconds
    desks = [threading.Thread(target=desk, args=(until, seen, Random(24 + number)), daemon=True) for number in range(3)]
    for one in desks:
        one.start()
    for one in desks:
        one.join()
    print(", ".join(f"{count} {what}" for what, count in sorted(seen.items())))


if __name__ == "__main__":
    main()
