"""What the tests of syncing share: an organisation, and a repository of three monitors."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ddllm.sandbox.api import DatadogApi
from tests.support.datadog import organisation
from tests.support.repository import TRIO, Repository


@pytest.fixture
def api() -> Iterator[DatadogApi]:
    with organisation() as api:
        yield api


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path, trio=TRIO)
