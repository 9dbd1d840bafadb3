"""User actions while they last: where one begins, and that it ended. What its calls add up to is the worker's affair."""

from time import perf_counter

from ddllm.call import Action, Status
from ddllm.instrument.attribution.frames import Scope, current
from ddllm.instrument.queue import Queue
from ddllm.instrument.report import spans

#: About what an action takes in the queue, in bytes.
_SIZE = 512

#: Where actions are reported to; None while nothing is.
_queue: Queue | None = None


def report_to(queue: Queue | None) -> None:
    """Report actions to `queue`."""
    global _queue  # noqa: PLW0603 - the process's one
    _queue = queue


def begin(scope: Scope) -> Action | None:
    """Begin the action that a scope names; None where it names none, or nothing is reported."""
    if scope.action is None or _queue is None:
        return None
    if not _queue.running:
        _queue.start()
    action = Action(str(scope.action), perf_counter())
    action.generation = _queue.generation
    return action


def locate(action: Action) -> None:
    """Note what the code around an action says of it, and its trace."""
    action.scope = current()
    action.root, action.trace = spans.root(), spans.trace()


def finish(action: Action | None, error: type[BaseException] | None) -> None:
    """End an action: an exception is an error; a generator that was closed, or a task that was cancelled, was abandoned."""
    if action is None or action.ended is not None or _queue is None:
        return
    action.ended = perf_counter()
    action.status = _status(error)
    if action.generation == _queue.generation:  # what a fork inherited is the parent's to report
        _queue.put(action, _SIZE)


def _status(error: type[BaseException] | None) -> Status:
    if error is None:
        return "ok"
    return "error" if issubclass(error, Exception) else "abandoned"
