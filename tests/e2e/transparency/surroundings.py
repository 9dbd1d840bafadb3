"""The process around the calls: logs, warnings, hooks, signals, the application's own DogStatsD client."""

import gc
import logging
import os
import signal
import sys
import threading
import warnings
from typing import Any

from tests.e2e.transparency.world import World, behaviour, kind, plain, seen


def _calls(world: World) -> None:
    seen(world.converse)
    seen(lambda: list(world.stream()))
    seen(lambda: world.body().read())
    seen(world.converse, error="ThrottlingException")
    seen(lambda: list(world.chunks(raising="throttlingException")))


@behaviour
def process_logs(world: World) -> Any:
    records: list[Any] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if not record.name.startswith(("ddtrace", "asyncio")):
                records.append([record.name, record.levelname, record.getMessage()])

    handler, root = Keep(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        _calls(world)
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    return plain(records)


@behaviour
def process_warnings(world: World) -> Any:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        _calls(world)
        world.stream()
        world.body()
        gc.collect()
    return [[one.category.__name__, str(one.message)] for one in caught if "socket" not in str(one.message)]


@behaviour
def process_hooks(world: World) -> Any:
    _calls(world)
    return [
        kind(sys.excepthook),
        sys.excepthook is sys.__excepthook__,
        threading.excepthook is threading.__excepthook__,
        sys.unraisablehook is sys.__unraisablehook__,
        sys.gettrace() is None,
        sys.getprofile() is None,
        [plain(one) for one in gc.callbacks],
        [kind(one) for one in sys.path_hooks],
        [kind(one) for one in sys.meta_path],
        [
            str(signal.getsignal(one)).partition(" at ")[0]
            for one in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1)
        ],
        sys.getrecursionlimit(),
        sys.getswitchinterval(),
        gc.get_threshold(),
        gc.isenabled(),
    ]


@behaviour
def process_environment(world: World) -> Any:
    _calls(world)
    return [sorted(name for name in os.environ if name != "DDLLM_ENABLED"), plain(os.environ.get("DD_SERVICE"))]


@behaviour
def process_loggers(world: World) -> Any:
    _calls(world)
    root = logging.getLogger()
    return [logging.getLevelName(root.level), [kind(one) for one in root.handlers], logging.raiseExceptions]


@behaviour
def process_dogstatsd_client_of_the_application(world: World) -> Any:
    from datadog import api, statsd

    _calls(world)
    return [statsd.constant_tags, statsd.namespace, statsd.disable_buffering, plain(statsd.socket), api._api_key]


@behaviour
def process_garbage(world: World) -> Any:
    gc.collect()
    before = len(gc.garbage)
    _calls(world)
    gc.collect()
    return len(gc.garbage) - before


@behaviour
def process_unraisable_exceptions(world: World) -> Any:
    unraisable: list[Any] = []
    before = sys.unraisablehook
    sys.unraisablehook = lambda one: unraisable.append([repr(one.exc_value), one.err_msg])
    try:
        for call in (world.stream, world.chunks, world.body):
            call()
            half = iter(call())
            next(half)
            del half
            broken = call(abort=True)
            seen(lambda broken=broken: list(broken))
            del broken
        gc.collect()
    finally:
        sys.unraisablehook = before
    return unraisable
