"""Is what the environment and ddllm.yaml say what ddllm can use, and complete."""

import os

from ddllm import settings
from ddllm.cli.doctor.check import Check, Finding
from ddllm.errors import ConfigError

_UNIFIED = {"DD_SERVICE": "service", "DD_ENV": "env", "DD_VERSION": "version"}


def variables() -> Finding:
    """Look whether each variable that ddllm reads can be read."""
    problems = settings.Settings.from_environ().problems
    if problems:
        return Finding("warn", "; ".join(problems), "docs/configuration.md lists the variables.")
    return Finding("ok", "every variable that is set can be read")


def file() -> Finding:
    """Look whether ddllm.yaml can be used. A broken one never stops an application: its defaults hold there."""
    path = settings.file_path(settings.Settings.from_environ())
    if path is None:
        return Finding("ok", "no ddllm.yaml in this folder: the defaults hold")
    try:
        settings.load_file(path)
    except ConfigError as error:
        return Finding("fail", str(error), "Until it is mended, applications run with the defaults.")
    return Finding("ok", str(path))


def unified_tags() -> Finding:
    """Look whether service, env and version are said, so that metrics can be told apart."""
    said = {tag.partition(":")[0] for tag in os.environ.get("DD_TAGS", "").replace(" ", ",").split(",")}
    missing = [name for name, tag in _UNIFIED.items() if not os.environ.get(name) and tag not in said]
    if missing:
        return Finding(
            "warn",
            f"{' '.join(missing)} not set here: metrics from here carry `unknown`, or for the service what ddtrace infers",
            "Set them where the application runs.",
        )
    return Finding("ok", " ".join(f"{tag}:{os.environ.get(name, '(DD_TAGS)')}" for name, tag in _UNIFIED.items()))


CHECKS = (
    Check("variables", variables),
    Check("ddllm.yaml", file),
    Check("unified tags", unified_tags),
)
