"""Does ddllm get into a process of this environment: the boot file, ddtrace-run, versions, and the traps on the way."""

import importlib.util
import json
import os
import re
import shutil
import site
import subprocess
import sys
from functools import partial
from importlib import metadata
from pathlib import Path

from ddllm.cli.doctor.check import Check, Finding

#: What `site` reads at the start of an interpreter: PEP 829 replaced the import lines of .pth files in Python 3.15.
BOOT_FILE = "ddllm.start" if sys.version_info >= (3, 15) else "ddllm.pth"
BOOT_MODULE = "_ddllm_boot"

_WITHOUT_BOOT_FILE = "Reinstall ddllm here, or put `import ddllm.auto` before every other import of the application."

# Runs under ddtrace-run as an application would, and tells what ddllm logged while botocore was imported.
_PROBE = """
import json, logging
lines = []
class Lines(logging.Handler):
    def emit(self, record):
        lines.append([record.levelname, record.getMessage()])
log = logging.getLogger("ddllm")
log.addHandler(Lines())
log.setLevel(logging.INFO)
import botocore.client
print(json.dumps(lines))
"""
# The probe is no application: nothing of it belongs in anybody's Datadog.
_QUIET = {
    "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "false",
    "DD_REMOTE_CONFIGURATION_ENABLED": "false",
    "DD_TRACE_STARTUP_LOGS": "false",
}
_PROBE_SECONDS = 60


def switched_on() -> Finding:
    """Look whether DDLLM_ENABLED lets ddllm start."""
    value = os.environ.get("DDLLM_ENABLED")
    if _off("DDLLM_ENABLED"):
        return Finding("warn", f"DDLLM_ENABLED={value}: ddllm stays out of every process", "Remove it to measure.")
    return Finding("ok", "DDLLM_ENABLED is not set: on" if value is None else f"DDLLM_ENABLED={value}")


def boot_file() -> Finding:
    """Look whether this interpreter reads ddllm's boot file, and did."""
    folders = [folder for folder in _site_folders() if (folder / BOOT_FILE).is_file()]
    if not folders:
        return Finding(
            "fail", f"no site folder of {sys.executable} holds {BOOT_FILE}{_elsewhere()}", _WITHOUT_BOOT_FILE
        )
    path = folders[0] / BOOT_FILE
    if _off("DDLLM_ENABLED"):
        return Finding("skip", f"{path}; not armed, as DDLLM_ENABLED is off")
    if not _armed():
        return Finding("fail", f"{path} is there, but armed nothing in this interpreter", _WITHOUT_BOOT_FILE)
    return Finding("ok", f"{path}, armed")


def _armed() -> bool:
    # Under ddtrace-run the hook has done its work and is gone.
    waiting = any(type(finder).__module__ == BOOT_MODULE for finder in sys.meta_path)
    return waiting or "ddllm.instrument.bootstrap" in sys.modules


def _site_folders() -> list[Path]:
    folders = [*site.getsitepackages(), *([site.getusersitepackages()] if site.ENABLE_USER_SITE else [])]
    return [Path(folder) for folder in folders]


def _elsewhere() -> str:
    spec = importlib.util.find_spec(BOOT_MODULE)
    if spec is None or not spec.origin:
        return ""
    return f"; ddllm is in {Path(spec.origin).parent}, where boot files are not read"


def under_ddtrace_run() -> Finding:
    """Start a Python under ddtrace-run and look whether ddllm gets into it."""
    if _off("DDLLM_ENABLED"):
        return Finding("skip", "not tried, as DDLLM_ENABLED is off")
    ddtrace_run = shutil.which(
        "ddtrace-run", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    )
    if ddtrace_run is None:
        return Finding("fail", "ddtrace-run is not on the PATH", "Install ddtrace into this environment.")
    try:
        done = _probe(ddtrace_run)
    except subprocess.TimeoutExpired:
        return Finding(
            "fail",
            f"a Python under {ddtrace_run} did not end in {_PROBE_SECONDS} s",
            "Run it by hand: `ddtrace-run python -c ''`.",
        )
    return _judge(done)


def _probe(ddtrace_run: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603 - this environment's own Python, a text of ours
        [ddtrace_run, sys.executable, "-c", _PROBE],
        env={**os.environ, **_QUIET},
        capture_output=True,
        text=True,
        timeout=_PROBE_SECONDS,
        check=False,
    )


def _judge(done: "subprocess.CompletedProcess[str]") -> Finding:
    if done.returncode != 0:
        return Finding(
            "fail",
            f"a Python under ddtrace-run failed: {_last_line(done.stderr)}",
            "Run `ddtrace-run python -c ''` to see it whole.",
        )
    lines = json.loads(done.stdout.splitlines()[-1])
    for level, text in lines:
        if level == "INFO" and " active: " in text:
            return Finding("ok", text)
    said = " / ".join(text.splitlines()[0] for _, text in lines) or _last_line(done.stderr)
    return Finding("fail", f"ddllm did not start under ddtrace-run{f': {said}' if said else ''}", _WITHOUT_BOOT_FILE)


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def version(distribution: str) -> Finding:
    """Look whether a library is at least as new as ddllm's own metadata asks for."""
    oldest = _required(distribution)
    try:
        found = metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return Finding(
            "fail", f"not installed; ddllm needs {oldest} or newer", f"pip install '{distribution}>={oldest}'"
        )
    if _numbers(found) < _numbers(oldest):
        return Finding("fail", f"{found}; ddllm needs {oldest} or newer", f"pip install '{distribution}>={oldest}'")
    return Finding("ok", found)


def _required(distribution: str) -> str:
    pattern = re.compile(rf"{re.escape(distribution)}>=([0-9.]+)", re.IGNORECASE)
    return next(match[1] for line in metadata.requires("ddllm") or () if (match := pattern.match(line)))


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


def botocore_version() -> Finding:
    """Look whether botocore goes with its boto3: the two are released together, and one of them alone may be pinned."""
    boto3, botocore = metadata.version("boto3"), metadata.version("botocore")
    if _numbers(boto3)[:2] != _numbers(botocore)[:2]:
        return Finding(
            "warn", f"{botocore}, beside boto3 {boto3}", "Install the two in one go: pip install --upgrade boto3"
        )
    return Finding("ok", botocore)


def gevent() -> Finding:
    """Look for the trap of an installed gevent: ddtrace then unloads modules at start-up, which breaks async clients."""
    if importlib.util.find_spec("gevent") is None:
        return Finding("ok", "not installed")
    if _off("DD_UNLOAD_MODULES_FROM_SITECUSTOMIZE"):
        return Finding("ok", "installed; DD_UNLOAD_MODULES_FROM_SITECUSTOMIZE is off")
    return Finding(
        "warn",
        "installed, so ddtrace unloads modules at start-up, which is known to break the async OpenAI and Anthropic clients, with or without ddllm",
        "Where the application does not use gevent, uninstall it or set DD_UNLOAD_MODULES_FROM_SITECUSTOMIZE=false.",
    )


def uwsgi() -> Finding:
    """Look for uWSGI, which runs no Python threads unless told to: ddllm reports from one."""
    if shutil.which("uwsgi") is None and importlib.util.find_spec("pyuwsgi") is None:
        return Finding("ok", "not installed")
    return Finding(
        "warn",
        "installed; it runs no Python threads unless it is told to, and ddllm reports from one",
        "Start it with --enable-threads --import=ddtrace.bootstrap.sitecustomize (and --lazy-apps where there are several workers).",
    )


def _off(variable: str) -> bool:
    return os.environ.get(variable, "").strip().lower() in {"0", "false", "no", "off"}


CHECKS = (
    Check("switch", switched_on),
    Check("boot file", boot_file),
    Check("ddtrace-run", under_ddtrace_run),
    Check("ddtrace", partial(version, "ddtrace")),
    Check("wrapt", partial(version, "wrapt")),
    Check("boto3", partial(version, "boto3")),
    Check("botocore", botocore_version),
    Check("datadog", partial(version, "datadog")),
    Check("gevent", gevent),
    Check("uWSGI", uwsgi),
)
