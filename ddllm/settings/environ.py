"""The environment's part of the settings: Datadog's own variables first, then `DDLLM_*`. The standard library alone reads it."""

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

#: What of the content may leave the process.
Capture = Literal["off", "redacted", "full"]
_CAPTURES: Mapping[str, Capture] = {"off": "off", "redacted": "redacted", "full": "full"}

#: What AWS Lambda, Azure Functions and Google Cloud's functions set.
_SERVERLESS = ("AWS_LAMBDA_FUNCTION_NAME", "FUNCTIONS_WORKER_RUNTIME", "FUNCTION_NAME", "K_SERVICE")

_FALSE = frozenset({"0", "false", "no", "off"})


class Variable(NamedTuple):
    """One environment variable: its name, what holds without it, what it does."""

    name: str
    default: str
    description: str


VARIABLES = (
    Variable(
        "DD_SERVICE",
        "ddtrace's own inference, else `unknown`",
        "The `service` tag, and the feature where nothing names one.",
    ),
    Variable("DD_ENV", "`unknown`", "The `env` tag."),
    Variable("DD_VERSION", "`unknown`", "The `version` tag."),
    Variable("DD_TAGS", "none", "More tags for every metric, `key:value` separated by commas or spaces."),
    Variable(
        "DD_DOGSTATSD_URL",
        "none",
        "Where the agent listens: `udp://host:port` or `unix:///path`. Goes before the next three.",
    ),
    Variable("DD_AGENT_HOST", "`localhost`", "The agent's host, for UDP."),
    Variable("DD_DOGSTATSD_HOST", "none", "The DogStatsD host where it is not the agent's; goes before DD_AGENT_HOST."),
    Variable("DD_DOGSTATSD_PORT", "`8125`", "The agent's DogStatsD port."),
    Variable("DDLLM_ENABLED", "`true`", "`false` leaves nothing of ddllm armed in the process."),
    Variable("DDLLM_CONFIG", "`ddllm.yaml` in the working folder", "The configuration file."),
    Variable(
        "DDLLM_CAPTURE",
        "`off`",
        "Whether prompts and answers may leave the process: `off`, `redacted` (without addresses, keys, card and phone numbers), `full`.",
    ),
    Variable(
        "DDLLM_FEEDBACK_KEY",
        "none",
        "A secret that signs the references of `ddllm.last_call()`, the same in all processes. Several, separated by commas: "
        "the first signs, all are accepted.",
    ),
    Variable("DDLLM_FLUSH_INTERVAL", "`1`", "Seconds between two rounds of the worker."),
    Variable(
        "DDLLM_QUEUE_RECORDS", "`10000`", "Calls that may wait for the worker; beyond, they are dropped and counted."
    ),
    Variable("DDLLM_QUEUE_BYTES", "`33554432`", "Bytes of requests and answers that may wait for the worker."),
    Variable("DDLLM_EXIT_TIMEOUT", "`5`", "Seconds that the end of the process may wait for the last metrics."),
    Variable(
        "DDLLM_PACK_SAMPLES",
        "`true`, but for serverless functions",
        "`false` sends every sample of a distribution on a line of its own: for agents before 7.25, and other DogStatsD servers.",
    ),
    Variable(
        "DDLLM_BAGGAGE",
        "`false`",
        "`true` writes `ddllm.context` into the trace's baggage too, which leaves the process with outgoing requests.",
    ),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says, with the defaults of `VARIABLES`. Times are seconds."""

    enabled: bool = True
    service: str = ""
    env: str = ""
    version: str = ""
    config: str = ""
    flush_interval: float = 1.0
    queue_records: int = 10_000
    queue_bytes: int = 32 * 1024 * 1024
    exit_timeout: float = 5.0
    baggage: bool = False
    packed: bool = True
    capture: Capture = "off"
    feedback_keys: tuple[str, ...] = field(default=(), repr=False)
    inline: bool = False
    problems: tuple[str, ...] = ()

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read the environment. A value that cannot be read is a problem in `problems`, and its default holds."""
        env = os.environ if environ is None else environ
        problems: list[str] = []

        def number(name: str, default: Any, convert: Callable[[str], Any]) -> Any:
            text = env.get(name, "")
            if not text:
                return default
            try:
                value = convert(text)
            except ValueError:
                value = default * 0 - 1
            if not 0 < value < math.inf:
                problems.append(f"{name}={text!r} is not a positive number; {default} holds")
                return default
            return value

        capture = env.get("DDLLM_CAPTURE", "").strip().lower() or "off"
        if capture not in _CAPTURES:
            problems.append(f"DDLLM_CAPTURE={capture!r} is none of off, redacted, full; off holds")
            capture = "off"
        return cls(
            enabled=env.get("DDLLM_ENABLED", "true").strip().lower() not in _FALSE,
            service=env.get("DD_SERVICE", ""),
            env=env.get("DD_ENV", ""),
            version=env.get("DD_VERSION", ""),
            config=env.get("DDLLM_CONFIG", ""),
            flush_interval=number("DDLLM_FLUSH_INTERVAL", 1.0, float),
            queue_records=number("DDLLM_QUEUE_RECORDS", 10_000, int),
            queue_bytes=number("DDLLM_QUEUE_BYTES", 32 * 1024 * 1024, int),
            exit_timeout=number("DDLLM_EXIT_TIMEOUT", 5.0, float),
            baggage=env.get("DDLLM_BAGGAGE", "false").strip().lower() in {"1", "true", "yes", "on"},
            packed=env.get("DDLLM_PACK_SAMPLES", "").strip().lower() not in _FALSE and not _is_serverless(env),
            capture=_CAPTURES[capture],
            feedback_keys=tuple(key for part in env.get("DDLLM_FEEDBACK_KEY", "").split(",") if (key := part.strip())),
            # A frozen function runs no background threads between two invocations.
            inline="AWS_LAMBDA_FUNCTION_NAME" in env,
            problems=tuple(problems),
        )


def _is_serverless(env: Mapping[str, str]) -> bool:
    """Tell whether the agent is the one for serverless functions, which reads the first value of a line alone."""
    return any(name in env for name in _SERVERLESS)


def file_path(settings: Settings) -> Path | None:
    """Find the configuration file that applies: DDLLM_CONFIG, else a ddllm.yaml in the working folder, else None."""
    if settings.config:
        return Path(settings.config)
    path = Path("ddllm.yaml")
    return path if path.is_file() else None
