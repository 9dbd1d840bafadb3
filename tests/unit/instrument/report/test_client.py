import os
import subprocess
import sys
from pathlib import Path

import pytest
from datadog import DogStatsd

from ddllm.instrument.report import client

SCRIPT = """
import sys
from ddllm.instrument.report.client import dogstatsd
made = dogstatsd()
print(made.__module__, [name for name in ("datadog", "requests", "urllib3") if name in sys.modules])
import datadog
print(datadog.dogstatsd.base.DogStatsd is made, dogstatsd() is datadog.DogStatsd)
"""


def test_the_client_is_a_copy_that_others_do_not_see_and_the_applications_own_once_that_is_imported():
    ended = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines() == ["datadog.dogstatsd.base []", "False True"]


def test_where_no_copy_can_be_made_the_client_is_imported(monkeypatch):
    monkeypatch.setattr(client, "MODULE", "datadog.dogstatsd.nowhere")
    assert client.dogstatsd() is DogStatsd


# --- a copy -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Write modules of a package that must not be executed itself."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(**modules: str) -> client._Copy:
        for name, text in modules.items():
            path = Path(tmp_path, "copied", *name.split("__")).with_suffix(".py")
            for folder in path.parents[: len(name.split("__"))]:
                folder.mkdir(exist_ok=True)
                Path(folder, "__init__.py").write_text("raise AssertionError('executed')")
            path.write_text(text)
        return client._Copy("copied")

    return write


def test_modules_of_a_copy_import_each_other_however_they_name_each_other(package):
    copy = package(
        one="import os\nfrom copied.inner.two import A\nfrom .three import B\nC = os",
        inner__two="from ..three import B\nfrom copied.inner.four import D\nA = B + D",
        inner__four="D = 3",
        three="B = 4",
    )
    one = copy.load("copied.one")
    assert {name: getattr(one, name) for name in "ABC"} == {"A": 7, "B": 4, "C": os}
    assert copy.load("copied.one") is one
    assert not [name for name in sys.modules if name.partition(".")[0] == "copied"]


def test_modules_of_a_copy_may_import_each_other_in_a_circle(package):
    copy = package(one="A = 1\nfrom copied.two import B", two="from copied.one import A\nB = A + 1")
    assert copy.load("copied.one").B == 2


def test_a_module_that_is_not_there_is_an_import_error(package):
    with pytest.raises(ModuleNotFoundError, match=r"copied\.nowhere\.two"):
        package(one="from copied.nowhere.two import A").load("copied.one")


def test_an_import_that_binds_the_package_is_an_import_error(package):
    with pytest.raises(ImportError, match=r"copied\.two is to be bound as a package"):
        package(one="import copied.two", two="").load("copied.one")
