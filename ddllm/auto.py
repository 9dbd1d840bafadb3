"""`import ddllm.auto` is `import ddtrace.auto` and ddllm, where neither `ddtrace-run` nor the .pth file can be used."""

import ddtrace.auto  # noqa: F401 - its import is its effect

from ddllm.instrument import bootstrap

bootstrap.start("ddllm.auto")
