"""The assistant of a bicycle shop: a small web service on Amazon Bedrock, and visitors who use it for a while.

python assistant.py --seconds 30

POST /chat         answers a customer while the answer is written        Claude Sonnet   ConverseStream
POST /search       finds the rule that holds, in the shop's handbook     Llama           InvokeModelWithResponseStream
POST /summarise    sums up a conversation, all messages at once          Claude Haiku    Converse
POST /extract      reads an invoice into fields                          Claude Haiku    InvokeModel
"""

import argparse
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from random import Random
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from ddtrace.contrib.wsgi import DDWSGIMiddleware
from urllib3.exceptions import HTTPError

SONNET = "us.anthropic.claude-3-5-sonnet-20241022-v2:0"
HAIKU = "us.anthropic.claude-3-5-haiku-20241022-v1:0"
LLAMA = "us.meta.llama3-2-90b-instruct-v1:0"

HANDBOOK = Path(__file__).with_name("handbook.md").read_text(encoding="utf-8")

bedrock = boto3.client(
    "bedrock-runtime",
    region_name="us-east-1",
    config=Config(retries={"mode": "standard", "total_max_attempts": 4}, max_pool_connections=50, read_timeout=20),
)
pool = ThreadPoolExecutor(8)


# ---- the four things that the assistant does


def chat(question: str) -> Iterator[bytes]:
    answer = bedrock.converse_stream(
        modelId=SONNET,
        system=[{"text": HANDBOOK}, {"cachePoint": {"type": "default"}}, {"text": "You help customers of the shop."}],
        messages=[{"role": "user", "content": [{"text": question}]}],
        inferenceConfig={"maxTokens": 400},
    )
    return relay(answer["stream"], lambda event: event.get("contentBlockDelta", {}).get("delta", {}).get("text"))


def search(question: str) -> Iterator[bytes]:
    prompt = (
        "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n"
        f"{HANDBOOK}\nQuote the rule that answers this: {question}<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n"
    )
    answer = bedrock.invoke_model_with_response_stream(
        modelId=LLAMA, body=json.dumps({"prompt": prompt, "max_gen_len": 200, "temperature": 0.2})
    )
    return relay(answer["body"], lambda event: json.loads(event["chunk"]["bytes"])["generation"])


def relay(stream: Any, text_of: Callable[[dict], str | None]) -> Iterator[bytes]:
    """Pass a streamed answer on, as long as somebody listens."""
    try:
        for event in stream:
            if text := text_of(event):
                yield text.encode()
    except (ClientError, BotoCoreError, HTTPError):
        yield b"\nSorry, I lost my thread. Please ask again."
    finally:
        stream.close()


def summarise(conversation: str) -> list[bytes]:
    def ask(text: str) -> str:
        answer = bedrock.converse(
            modelId=HAIKU,
            messages=[{"role": "user", "content": [{"text": f"Sum this up in one sentence:\n{text}"}]}],
            inferenceConfig={"maxTokens": 120},
        )
        return answer["output"]["message"]["content"][0]["text"]

    parts = list(pool.map(ask, conversation.split("\n\n")))
    return [ask("\n".join(parts)).encode()]


def extract(invoice: str) -> list[bytes]:
    prompt = f'{invoice}\n\nAnswer in JSON: {{"vendor": string, "date": string, "total": number, "currency": string}}'
    answer = bedrock.invoke_model(
        modelId=HAIKU,
        body=json.dumps(
            {
                "anthropic_version": "bedrock-2023-05-31",
                "max_tokens": 300,
                "messages": [{"role": "user", "content": prompt}],
            }
        ),
    )
    text = json.loads(answer["body"].read())["content"][0]["text"]
    return [json.dumps(json.loads(text)).encode()]


# ---- the web service


ROUTES = {"/chat": chat, "/search": search, "/summarise": summarise, "/extract": extract}


def application(environ: dict, start_response: Callable) -> Iterable[bytes]:
    handler = ROUTES.get(environ["PATH_INFO"])
    if handler is None:
        start_response("404 Not Found", [])
        return [b""]
    text = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode()
    try:
        answer = handler(text)
    except (ClientError, BotoCoreError, ValueError) as error:
        start_response("502 Bad Gateway", [("Content-Type", "text/plain")])
        return [type(error).__name__.encode()]
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
    return answer


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 64


class Handler(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Print nothing."""


def serve() -> Server:
    server = Server(("127.0.0.1", 0), Handler)
    server.set_app(DDWSGIMiddleware(application))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


# ---- the visitors


QUESTIONS = (
    "Can I bring my own brake pads?",
    "How long does a bike from Turin take?",
    "My chain broke, do I need an appointment?",
    "What happens to my old bike?",
    "Which lock is good enough for a bike of 1,400 euros?",
    "Is the battery covered after 18 months?",
)
THREAD = "\n\n".join(
    f"{who}: {what}"
    for who, what in (
        ("Customer", "The gears of my Atlas slip since the service in March, mostly when I go uphill. " * 3),
        ("Shop", "We are sorry to hear that. Please bring the bike, the repair would be under our warranty. " * 3),
        ("Customer", "I can come on Thursday after work. Could I have a bike for the meantime? I commute. " * 3),
    )
)
INVOICE = "INVOICE {number}\nBirch & Daughters, parts for bicycles\n{lines}\nDue within 14 days."


def a_request(rng: Random) -> tuple[str, str]:
    """What a visitor asks: chats mostly, summaries rarely."""
    path = rng.choices(list(ROUTES), weights=(45, 25, 10, 20))[0]
    if path == "/summarise":
        return path, THREAD
    if path == "/extract":
        lines = "\n".join(f"{rng.randint(1, 9)} x part {rng.randint(100, 999)}" for _ in range(rng.randint(3, 30)))
        return path, INVOICE.format(number=rng.randint(1_000, 9_999), lines=lines)
    return path, f"{rng.choice(QUESTIONS)} (visitor {rng.randint(1, 999)})"


def visit(address: tuple[str, int], until: float, seen: Counter[str], rng: Random) -> None:
    while time.monotonic() < until:
        path, text = a_request(rng)
        connection = HTTPConnection(*address, timeout=30)
        try:
            connection.request("POST", path, text.encode())
            response = connection.getresponse()
            if path == "/chat" and rng.random() < 0.12:
                response.read(40)  # has seen enough, and closes the tab
                seen["left early"] += 1
            else:
                response.read()
                seen[f"answered {response.status}"] += 1
        except (OSError, HTTPException) as error:
            seen[type(error).__name__] += 1
        finally:
            connection.close()
        time.sleep(rng.uniform(0.1, 0.6))


def main() -> None:
    arguments = argparse.ArgumentParser(description="A bicycle shop's assistant on Amazon Bedrock.")
    arguments.add_argument("--seconds", type=float, default=30, help="how long visitors come (default: 30)")
    arguments.add_argument("--visitors", type=int, default=8, help="how many at a time (default: 8)")
    given = arguments.parse_args()

    server = serve()
    seen = Counter()
    until = time.monotonic() + given.seconds
    visitors = [
        threading.Thread(target=visit, args=(server.server_address, until, seen, Random(number)), daemon=True)
        for number in range(given.visitors)
    ]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    server.shutdown()
    server.server_close()
    print(", ".join(f"{count} {what}" for what, count in sorted(seen.items())))


if __name__ == "__main__":
    main()
