"""Arms ddllm in an interpreter that ddtrace instruments; costs a fraction of a millisecond in one that it does not.

`site` runs `ddllm.pth` (before Python 3.15) or `ddllm.start` (from 3.15, PEP 829) at the start of every interpreter, so this
module imports nothing that is not loaded already, does no I/O, and never raises. It waits for one import,
`ddtrace.bootstrap.preload`, which `ddtrace-run`, `import ddtrace.auto` and single-step instrumentation have in common, and
starts ddllm when ddtrace says that its own start-up is complete.

Set DDLLM_ENABLED=false to leave nothing armed.
"""

import os
import sys

MYPY = False
if MYPY:  # typing is not loaded yet where this runs
    from importlib.machinery import ModuleSpec
    from typing import Any

TARGET = "ddtrace.bootstrap.preload"


class Hook:
    """A finder that matches one module, once, and starts ddllm after that module ran."""

    def find_spec(self, fullname: str, path: "Any" = None, target: "Any" = None) -> "ModuleSpec | None":
        """Find TARGET as the other finders would, with a loader that starts ddllm in the end; None for any other module."""
        if fullname != TARGET:
            return None
        if self in sys.meta_path:
            sys.meta_path.remove(self)
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = find(fullname, path, target) if find else None
            if spec is not None:
                _start_after(spec)
                return spec
        return None


def _start_after(spec: "Any") -> None:
    try:
        loader = spec.loader
        original = loader.exec_module

        def exec_module(module: object) -> None:
            original(module)
            _start_when_ready(module)

        loader.exec_module = exec_module
    except Exception as error:  # noqa: BLE001 - the interpreter's start is not ours to break
        _warn(error)


def _start_when_ready(preload: object) -> None:
    try:
        # After this step ddtrace may unload what was imported so far (it does where gevent is installed), so that a
        # ddllm imported now would not be the application's.
        register = getattr(preload, "register_post_preload", None)
        if register is None:
            _start()
        else:
            register(_start)
    except Exception as error:  # noqa: BLE001 - nor is ddtrace's
        _warn(error)


def _start() -> None:
    try:
        from ddllm.instrument import bootstrap  # noqa: PLC0415 - only where ddtrace is used

        bootstrap.start("ddllm.pth")
    except Exception as error:  # noqa: BLE001 - the application starts without us
        _warn(error)


def _warn(error: Exception) -> None:
    import logging  # noqa: PLC0415 - only where something failed

    logging.getLogger("ddllm").warning(
        "ddllm could not start; the application is not affected: %r", error, exc_info=error
    )


def install() -> None:
    """Arm the hook, unless DDLLM_ENABLED says no or it is armed already."""
    try:
        if os.environ.get("DDLLM_ENABLED", "").strip().lower() in ("0", "false", "no", "off"):
            return
        if not any(type(finder).__module__ == __name__ for finder in sys.meta_path):
            sys.meta_path.insert(0, Hook())
    except Exception as error:  # noqa: BLE001 - the interpreter's start is not ours to break
        _warn(error)
