"""What every behaviour is given: clients, calls, and ways to say what was seen so that two processes can be compared."""

import gc
import hashlib
import os
import re
import threading
import traceback
import weakref
from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config
from botocore.eventstream import EventStream
from botocore.response import StreamingBody

from tests.support.bedrock import Knobs
from tests.support.exchanges import Exchange, chunk, fixture

MODEL = "us.anthropic.claude-3-5-sonnet-20241022-v2:0"
QUESTION = [{"role": "user", "content": [{"text": "Which river runs through Lyon?"}]}]
ASKED = b'{"anthropic_version": "bedrock-2023-05-31", "max_tokens": 64, "messages": [{"role": "user", "content": "Which?"}]}'
#: The one attribute that ddllm may add to what it measures; everything else has to be equal.
MARK = "_ddllm"

BEHAVIOURS: dict[str, Callable[["World"], Any]] = {}


def behaviour(function: Callable[["World"], Any]) -> Callable[["World"], Any]:
    """Register something that a user can see. Its name says what, its result is compared."""
    assert function.__name__ not in BEHAVIOURS, function.__name__
    BEHAVIOURS[function.__name__] = function
    return function


def exchanges() -> list[Exchange]:
    """Return what the server answers: our fixtures, and bodies and streams of special sizes."""
    text = '{\n "type": "message",\n "content": [\n' + ",\n".join(f'  "line {n:03}"' for n in range(150)) + "\n ]\n}\n"
    large = ('{"completion": "' + "r" * (5 * 1024 * 1024) + '"}').encode()
    body = {"Content-Type": "application/json", "X-Amzn-Bedrock-Input-Token-Count": "5"}
    return [
        *(
            one
            for one in (
                fixture(name) for name in ("converse-claude", "stream-claude", "invoke-claude", "chunks-claude")
            )
        ),
        *(
            fixture(name)
            for name in ("converse-claude-tool", "stream-claude-tool", "stream-claude-thinking", "stream-guardrail")
        ),
        Exchange("lines", "invoke_model", "", {}, headers=body, body=text.encode()),
        Exchange("large", "invoke_model", "", {}, headers=body, body=large),
        Exchange("nothing", "invoke_model", "", {}, headers=body),
        Exchange(
            "html", "invoke_model", "", {}, headers={"Content-Type": "text/html"}, body=b"<html>\n<p>hello</p>\n</html>"
        ),
        Exchange("silence", "converse_stream", "", {}, events=()),
        Exchange(
            "words",
            "invoke_model_with_response_stream",
            "",
            {},
            events=tuple(chunk({"completion": str(n)}) for n in range(300)),
        ),
        Exchange(
            "object",
            "get_object",
            "",
            {},
            headers={"Content-Type": "text/plain", "ETag": '"e"'},
            body=b"an object\nof S3\n",
        ),
    ]


class World:
    """One behaviour's view: `tag` keeps its requests apart from those of others."""

    _clients: dict[Any, Any] = {}  # noqa: RUF012 - shared by all behaviours of a process, as clients are slow to make

    def __init__(self, url: str, tag: str) -> None:
        self.url = url
        self.tag = tag

    def model(self, **knobs: Any) -> str:
        """Return a model id that tells the server what shall happen."""
        return MODEL + Knobs(tag=self.tag, **knobs).suffix

    def new_client(self, service: str = "bedrock-runtime", **config: Any) -> Any:
        """Make a client that no other behaviour uses."""
        settings = {"retries": {"total_max_attempts": 1}, "connect_timeout": 5, "read_timeout": 5, **config}
        return boto3.client(service, endpoint_url=self.url, region_name="eu-central-1", config=Config(**settings))

    def client(self, **config: Any) -> Any:
        """Return a client that other behaviours use as well."""
        key = repr(config)
        if key not in self._clients:
            self._clients[key] = self.new_client(**config)
        return self._clients[key]

    def converse(self, client: Any = None, **knobs: Any) -> Any:
        """Call Converse."""
        return (client or self.client()).converse(modelId=self.model(**knobs), messages=QUESTION)

    def stream(self, client: Any = None, **knobs: Any) -> Any:
        """Call ConverseStream; return its stream."""
        return (client or self.client()).converse_stream(modelId=self.model(**knobs), messages=QUESTION)["stream"]

    def body(self, client: Any = None, **knobs: Any) -> Any:
        """Call InvokeModel; return its body. Without knobs: 150 lines of JSON."""
        knobs = {"exchange": "lines", **knobs}
        return (client or self.client()).invoke_model(modelId=self.model(**knobs), body=ASKED)["body"]

    def chunks(self, client: Any = None, **knobs: Any) -> Any:
        """Call InvokeModelWithResponseStream; return its stream."""
        return (client or self.client()).invoke_model_with_response_stream(modelId=self.model(**knobs), body=ASKED)[
            "body"
        ]

    def impatient(self) -> Any:
        """Return a client that waits 0.3 seconds for anything."""
        return self.client(read_timeout=0.3)


def vanishes(gone: "weakref.ref[Any]") -> bool:
    """Say whether nothing holds an object but circles of references.

    One collection does not tell: it does nothing while another thread's is under way.
    """
    for _ in range(100):
        gc.collect()
        if gone() is None:
            return True
        threading.Event().wait(0.01)
    return False


def seen(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call something; say what it returned or raised."""
    try:
        return plain(function(*args, **kwargs))
    except BaseException as error:  # noqa: BLE001 - it is what is being compared
        return {"raised": said(error)}


def unplaced(observation: Any) -> Any:
    """Leave out in which frame an exception was raised, where ddllm's own stands between the application and the SDK's.

    That is so for an exception that the application throws into a generator, and for a call with too few arguments.
    """
    if isinstance(observation, dict) and "raised" in observation:
        observation["raised"].pop("raised in")
    return observation


def said(error: BaseException) -> dict[str, Any]:
    """Say everything of an exception that an application can act on, and where it was raised, past wrappers of ddllm."""
    frames = [one for one in traceback.extract_tb(error.__traceback__) if "/ddllm/instrument/" not in one.filename]
    chain = [one for one in (error.__cause__, error.__context__) if one is not None]
    return {
        "type": kind(error),
        "bases": [one.__name__ for one in type(error).__mro__],
        "str": mask(str(error)),
        "args": plain(error.args),
        "response": plain(getattr(error, "response", "none")),
        "operation": plain(getattr(error, "operation_name", "none")),
        "attributes": sorted(vars(error)),
        "chain": [kind(one) for one in chain],
        "suppressed": error.__suppress_context__,
        "notes": getattr(error, "__notes__", []),
        "raised in": f"{os.path.basename(frames[-1].filename)} {frames[-1].name}" if frames else "",  # noqa: PTH119
    }


def kind(value: Any) -> str:
    """Name a type, or the type of a value."""
    one = value if isinstance(value, type) else type(value)
    return f"{one.__module__}.{one.__qualname__}"


def mask(text: str) -> str:
    """Hide what differs from run to run: addresses, ports."""
    return re.sub(
        r"port=\d+", "port=PORT", re.sub(r"127\.0\.0\.1:\d+", "HOST", re.sub(r"0x[0-9a-f]{6,}", "0xADDRESS", text))
    )


def digest(data: bytes) -> str:
    """Say what bytes are without repeating them."""
    return f"{len(data)} bytes {hashlib.sha256(data).hexdigest()[:16]}" if len(data) > 40 else repr(data)


def plain(value: Any) -> Any:  # noqa: PLR0911 - one for each kind of value
    """Turn a value into something that JSON holds and that is equal in two processes."""
    if isinstance(value, str):
        return mask(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return f"{type(value).__name__} {digest(bytes(value))}"
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        ordered = sorted(value, key=repr) if isinstance(value, set | frozenset) else value
        return [type(value).__name__, *map(plain, ordered)] if not isinstance(value, list) else [*map(plain, ordered)]
    if isinstance(value, type):
        return kind(value)
    return f"<{kind(value)}>"


def names(value: Any) -> list[str]:
    """Return the attributes of an object, without the one that ddllm may hang on a stream or body."""
    return [name for name in vars(value) if not (name == MARK and isinstance(value, EventStream | StreamingBody))]
