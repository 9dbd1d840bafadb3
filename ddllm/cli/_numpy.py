"""What runs monitors over data needs numpy, which comes with ddllm[test]."""

from collections.abc import Iterator
from contextlib import contextmanager

from ddllm.errors import ConfigError


@contextmanager
def needs_numpy() -> Iterator[None]:
    """Say how to install numpy where an import in the block finds none."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name != "numpy":
            raise
        raise ConfigError("numpy is not installed", hint='Run: pip install "ddllm[test]"') from None
