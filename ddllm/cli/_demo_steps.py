"""The steps of `ddllm demo`: applications under ddtrace-run, and monitors synced by the real command line."""

import json
import os
import shutil
import sys
import sysconfig
import time
from collections import deque
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from ddllm.cli._child import Child
from ddllm.cli._stack import Stack, clean_environ
from ddllm.definitions.library import library_folder
from ddllm.errors import DdllmError

#: What the simulated models are like in the demo: healthy, but as busy as a shared endpoint is.
SCENE: Mapping[str, Mapping[str, float]] = {
    "*": {
        "throttle": 0.04,
        "retry_after": 1,
        "server_error": 0.01,
        "stream_fault": 0.03,
        "refuse": 0.04,
        "malformed_json": 0.08,
        "tool_use": 1,
    },
    "*claude-3-5-sonnet*": {
        "ttft_p50": 520,
        "ttft_p95": 1_300,
        "tokens_per_second": 75,
        "answer_tokens": 110,
        "throttle": 0.08,
    },
    "*claude-3-5-haiku*": {"ttft_p50": 300, "ttft_p95": 650, "tokens_per_second": 130, "answer_tokens": 60},
    "*llama*": {"ttft_p50": 280, "ttft_p95": 700, "tokens_per_second": 60, "answer_tokens": 80},
}

#: Seconds that the application gets beyond its own to start and to end, and a sync to finish.
_GRACE = 25.0
_SYNC_TIMEOUT = 30.0

#: Lines of a failed command that are shown.
_LAST_LINES = 5


@dataclass(frozen=True, slots=True)
class Sync:
    """One run of `ddllm sync monitors --format json`: what it printed, and how many writes the API saw."""

    report: Any
    writes: int


#: The example applications: file and service. The first knows nothing of ddllm, the second tells it what its calls are for.
APPLICATIONS = {"assistant.py": "assistant", "helpdesk.py": "helpdesk"}


def application(seconds: float, name: str = "assistant.py") -> list[str]:
    """Return the command that runs an example application. Raises `DdllmError` where a part of it is not there."""
    return [
        _script("ddtrace-run"),
        sys.executable,
        str(library_folder() / "examples" / name),
        "--seconds",
        f"{seconds:g}",
    ]


def sync_arguments() -> list[str]:
    """Return the arguments of the sync, after `ddllm`."""
    return ["sync", "monitors", "--dir", str(library_folder())]


def _script(name: str) -> str:
    """Find a script of this installation: beside the interpreter, beside our own script, where pip puts them, on the PATH."""
    folders = (Path(sys.executable).parent, Path(sys.argv[0]).parent, Path(sysconfig.get_path("scripts")))
    path = os.pathsep.join([*map(str, folders), os.environ.get("PATH", "")])
    found = shutil.which(name, path=path)
    if found is None:
        raise DdllmError(f"{name} is not there", hint="Install ddllm again, with its dependencies")
    return found


def run_applications(stack: Stack, seconds: float) -> dict[str, str]:
    """Run the applications to their end, side by side; return the last line of each, by service.

    Raises `DdllmError` if one fails or does not end.
    """
    environ = clean_environ(os.environ) | stack.application_environ
    environ |= {
        "DD_ENV": "prod",
        "DD_VERSION": "1.0.0",
        "DD_CODE_ORIGIN_FOR_SPANS_ENABLED": "false",
        "DDLLM_CONFIG": str(library_folder() / "examples" / "ddllm.yaml"),
    }
    until = time.monotonic() + seconds + _GRACE
    said: dict[str, deque[str]] = {service: deque(maxlen=_LAST_LINES) for service in APPLICATIONS.values()}
    with ExitStack() as running:
        children = {
            service: running.enter_context(
                Child(application(seconds, name), environ | {"DD_SERVICE": service}, output=said[service].append)
            )
            for name, service in APPLICATIONS.items()
        }
        codes = {service: child.wait(max(0.1, until - time.monotonic())) for service, child in children.items()}
    for service, code in codes.items():
        if code is None:
            raise DdllmError(f"{service} did not end within {seconds + _GRACE:g} s", hint=" / ".join(said[service]))
        if code:
            raise DdllmError(f"{service} ended with exit code {code}", hint=" / ".join(said[service]))
    return {service: lines[-1] if lines else "" for service, lines in said.items()}


def run_sync(stack: Stack) -> Sync:
    """Run the sync as a pipeline does. Raises `DdllmError` if it fails."""
    before = len(stack.api.writes)
    environ = clean_environ(os.environ) | stack.command_environ
    argv = [_script("ddllm"), *sync_arguments(), "--yes", "--format", "json"]
    with TemporaryFile("w+", encoding="utf-8") as file:
        with Child(argv, environ, stdout=file) as child:
            code = child.wait(_SYNC_TIMEOUT)
        file.seek(0)
        printed = file.read()
    if code:
        raise DdllmError(f"`ddllm sync monitors` ended with exit code {code}", hint=printed.strip())
    if code is None:
        raise DdllmError(f"`ddllm sync monitors` did not end within {_SYNC_TIMEOUT:g} s")
    return Sync(json.loads(printed), len(stack.api.writes) - before)
