"""Start-up: the queue with its worker, and a patch for each SDK as the application imports it.

`start` runs when ddtrace's own start-up is complete (`_ddllm_boot`), from `import ddllm.auto`, or from `ddllm.patch()`. It
imports no SDK and starts no thread: the first measured call does the latter.
"""

import atexit
import dataclasses
import logging
import os
from typing import Any

import ddtrace
import wrapt

from ddllm import __version__
from ddllm.instrument import attribution, guard
from ddllm.instrument.patch import botocore, reading
from ddllm.instrument.queue import Consumer, Queue
from ddllm.settings import Settings

log = logging.getLogger("ddllm")

_settings: Settings | None = None
_queue: Queue | None = None
_via = ""
_enabled = False


def start(via: str) -> None:
    """Arm everything, once; `via` says how the process got here, for the log."""
    global _settings, _queue, _via, _enabled  # noqa: PLW0603 - the process's one instance
    if _enabled:
        return
    settings = _settings or _read_settings()
    if not settings.enabled:
        return
    _enabled = True
    if _queue is None:
        _settings = settings
        _via = via
        _queue = Queue(
            _make_reporter,
            max_records=settings.queue_records,
            max_bytes=settings.queue_bytes,
            interval=settings.flush_interval,
            inline=settings.inline,
        )
        os.register_at_fork(after_in_child=_after_fork)
        atexit.register(_at_exit)
        if settings.baggage:
            attribution.mirror_to(_mirror)
        wrapt.when_imported("ddtrace.llmobs")(attribution.watch_annotations)
        # botocore.client, and not botocore: it is imported by whoever makes a client, and the taps need it whole.
        wrapt.when_imported("botocore.client")(_patch_botocore)
    else:
        wrapt.when_imported("botocore.client")(_patch_botocore)


def patch() -> None:
    """Start measuring, where neither `ddtrace-run` nor `import ddtrace.auto` does it: after a manual `ddtrace.patch()`."""
    try:
        start("ddllm.patch()")
    except Exception:
        log.warning("ddllm %s could not start; the application is not affected", __version__, exc_info=True)


def unpatch() -> None:
    """Stop measuring and put back what was patched. `patch` starts it again."""
    global _enabled  # noqa: PLW0603
    try:
        _enabled = False
        botocore.unpatch()
    except Exception:  # noqa: BLE001 - counted
        guard.caught("bootstrap.unpatch")


def _read_settings() -> Settings:
    settings = Settings.from_environ()
    for problem in settings.problems:
        log.warning("ddllm: %s", problem)
    config = ddtrace.config
    return dataclasses.replace(
        settings,
        service=settings.service or getattr(config, "service", None) or "",
        env=settings.env or getattr(config, "env", None) or "",
        version=settings.version or getattr(config, "version", None) or "",
    )


def _make_reporter() -> Consumer:
    from ddllm.instrument.report.worker import Reporter  # noqa: PLC0415 - 300 ms of clients and prices, on the worker

    return Reporter(_settings or _read_settings())


def _patch_botocore(_: Any) -> None:
    try:
        if not _enabled or _queue is None:
            return
        botocore.patch(_queue)
        if _settings is not None and _settings.inline and not _queue.running:
            _queue.start()  # while the function initialises, not while somebody waits for its first answer
        log.info(
            "ddllm %s active: via=%s ddtrace=%s patched=[botocore %s]",
            __version__,
            _via,
            ddtrace.__version__,
            botocore.get_version(),
        )
    except Exception:
        log.warning("ddllm %s could not patch botocore; the application is not affected", __version__, exc_info=True)


def _mirror(scope: attribution.Scope) -> None:
    try:
        from ddtrace.trace import tracer  # noqa: PLC0415 - loaded already; opt-in

        trace = tracer.current_trace_context()
        if trace is not None and scope.feature:
            trace.set_baggage_item("ddllm.feature", scope.feature)
    except Exception:  # noqa: BLE001 - counted
        guard.caught("bootstrap.mirror")


def _after_fork() -> None:
    try:
        reading.forget_all()
        if _queue is not None:
            _queue.forget()
    except Exception:  # noqa: BLE001 - counted
        guard.caught("bootstrap.fork")


def _at_exit() -> None:
    try:
        reading.close_all()
        if _queue is not None and _settings is not None:
            _queue.stop(_settings.exit_timeout)
    except Exception:  # noqa: BLE001 - counted
        guard.caught("bootstrap.exit")
