"""ddllm's commands in processes of their own, forked from one that has loaded them: what loading takes is paid once.

What a command sees is what it would see if it had been started by itself: its arguments, environment, folder, three streams that
are no terminal, and an exit code. Tests of start-up, signals and terminals start it by itself.

    python -m tests.support.forked        reads requests, a line of JSON each, and answers each with the process's exit code
"""

import atexit
import gc
import json
import os
import subprocess
import sys
import traceback
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from tempfile import TemporaryDirectory
from typing import Any

from tests.support.process import ROOT, Ended, environment

#: Not loaded before the fork: what starts threads, and what looks at the environment while it loads.
_LATE = frozenset({"backtest", "test", "demo", "top", "sandbox", "compare", "doctor"})


def run_ddllm(*arguments: str, env: Mapping[str, str], cwd: Path, stdin: str = "") -> Ended:
    """Run a command to its end."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "in").write_text(stdin, encoding="utf-8")
        request = {"arguments": arguments, "env": dict(env), "cwd": str(cwd), "folder": name}
        server = _server()
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(json.dumps(request) + "\n")
        server.stdin.flush()
        code = int(server.stdout.readline())
        return Ended(code, *((folder / stream).read_text(encoding="utf-8") for stream in ("out", "err")))


@cache
def _server() -> subprocess.Popen[str]:
    argv = [sys.executable, "-m", "tests.support.forked"]
    server = subprocess.Popen(
        argv, env=environment({}), cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    atexit.register(server.kill)
    return server


def _load() -> None:
    import ddllm.cli
    from ddllm.api.connection import Connection
    from ddllm.api.datadog import Datadog
    from ddllm.lint.rules import rules
    from ddllm.query.parse import parse
    from ddllm.sync.resources import resources

    for _, name, _ in iter_modules(ddllm.cli.__path__):
        if name not in _LATE and not name.startswith("_"):
            import_module(f"ddllm.cli.{name}")
    Datadog(Connection("http://127.0.0.1:9", "none", "none"))
    parse("avg:a{*}")
    rules()
    resources()
    gc.freeze()


def _serve() -> None:
    _load()
    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if not child:
            _become(request)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _become(request: Mapping[str, Any]) -> None:
    """Turn this process into the command, and end with it."""
    folder = Path(request["folder"])
    streams = ((0, "in", os.O_RDONLY), (1, "out", os.O_WRONLY | os.O_CREAT), (2, "err", os.O_WRONLY | os.O_CREAT))
    for number, name, flags in streams:
        os.dup2(os.open(folder / name, flags, 0o600), number)
    sys.stdin, sys.stdout, sys.stderr = (
        open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115 - they live as long as the process
        for number, mode in ((0, "r"), (1, "w"), (2, "w"))
    )
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.argv = ["ddllm", *request["arguments"]]
    os._exit(_main())


def _main() -> int:
    from ddllm.cli import main

    code: object = 0
    try:
        main()
    except SystemExit as exit_:
        code = exit_.code
    except BaseException:  # noqa: BLE001 - what Python itself does at the end
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code if isinstance(code, int) else 0 if code is None else 1


if __name__ == "__main__":
    _serve()
