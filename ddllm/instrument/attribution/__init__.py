"""Who made a call and why, as the application says it: `ddllm.context(...)`, `ddllm.action(...)`, LLM Observability's annotations.

frames        scopes that nest, and the last call inside them
context       `context` and `action`, for which `decorate` decorates functions
actions       user actions while they last
pools         scopes follow the work that is given to a pool's threads
annotations   what is named for LLM Observability counts here too
"""

from ddllm.instrument.attribution.actions import report_to
from ddllm.instrument.attribution.annotations import watch_annotations
from ddllm.instrument.attribution.context import action, context
from ddllm.instrument.attribution.frames import Scope, attach, current, last, mirror_to
from ddllm.instrument.attribution.pools import follow_threads

__all__ = [
    "Scope",
    "action",
    "attach",
    "context",
    "current",
    "follow_threads",
    "last",
    "mirror_to",
    "report_to",
    "watch_annotations",
]
