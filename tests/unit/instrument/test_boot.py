import importlib.util
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ddllm.instrument import bootstrap
from tests.support.process import ROOT, environment


def _load() -> Any:
    """Load the repository's module: the one that is installed beside the package runs in this process already."""
    spec = importlib.util.spec_from_file_location("_ddllm_boot", ROOT / "_ddllm_boot.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_ddllm_boot = _load()
#: A package that starts as ddtrace's `ddtrace.bootstrap.preload` does, under a name that nobody has imported.
TARGET = "preloading.bootstrap.preload"


@pytest.fixture
def preload(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Any]]:
    """Arm the hook for a module of the given source, and import that."""
    meta_path = list(sys.meta_path)
    sys.meta_path[:] = [one for one in sys.meta_path if type(one).__module__ != "_ddllm_boot"]
    monkeypatch.setattr(_ddllm_boot, "TARGET", TARGET)
    monkeypatch.setenv("DDLLM_ENABLED", "true")
    monkeypatch.syspath_prepend(tmp_path)
    folder = tmp_path / "preloading" / "bootstrap"
    folder.mkdir(parents=True)

    def run(source: str) -> Any:
        (folder / "preload.py").write_text(source)
        importlib.invalidate_caches()
        _ddllm_boot.install()
        return importlib.import_module(TARGET)

    yield run
    sys.meta_path[:] = meta_path
    for name in [one for one in sys.modules if one.partition(".")[0] == "preloading"]:
        del sys.modules[name]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    seen: list[str] = []
    monkeypatch.setattr(bootstrap, "start", seen.append)
    return seen


def armed() -> list[Any]:
    return [one for one in sys.meta_path if type(one) is _ddllm_boot.Hook]


def test_ddllm_starts_when_ddtrace_says_that_it_is_complete(preload, started):
    module = preload("waiting = []\nregister_post_preload = waiting.append")
    assert started == []
    module.waiting[0]()
    assert started == ["ddllm.pth"]


def test_ddllm_starts_at_once_where_ddtrace_has_no_such_step(preload, started):
    preload("")
    assert started == ["ddllm.pth"]


def test_the_hook_leaves_once_it_has_done_its_work(preload, started):
    preload("")
    assert armed() == []


def test_other_modules_are_found_as_always(preload, started):
    preload("import json.tool, preloading.bootstrap")
    assert _ddllm_boot.Hook().find_spec("json") is None


def test_a_module_that_nobody_finds_stays_missing(preload, monkeypatch):
    monkeypatch.setattr(_ddllm_boot, "TARGET", "preloading_missing")
    _ddllm_boot.install()
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("preloading_missing")


def test_an_error_of_the_module_itself_is_raised(preload, started):
    with pytest.raises(ZeroDivisionError):
        preload("1 / 0")
    assert started == []


def test_a_failing_start_is_one_warning(preload, monkeypatch, caplog):
    monkeypatch.setattr(bootstrap, "start", lambda via: 1 / 0)
    preload("")
    assert [(one.name, one.levelno) for one in caplog.records] == [("ddllm", logging.WARNING)]
    assert "could not start; the application is not affected" in caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_a_failing_registration_is_one_warning(preload, started, caplog):
    preload("def register_post_preload(function): raise LookupError('another protocol')")
    assert [one.levelno for one in caplog.records] == [logging.WARNING]
    assert "another protocol" in caplog.text


def test_a_loader_of_another_kind_is_one_warning(caplog):
    _ddllm_boot._start_after(object())
    assert [one.levelno for one in caplog.records] == [logging.WARNING]


def test_installing_twice_arms_one_hook(preload, started):
    _ddllm_boot.install()
    _ddllm_boot.install()
    assert len(armed()) == 1


@pytest.mark.parametrize("value", ["false", "0", "no", "OFF", " False "])
def test_nothing_is_armed_where_ddllm_is_disabled(preload, monkeypatch, value):
    monkeypatch.setenv("DDLLM_ENABLED", value)
    _ddllm_boot.install()
    assert armed() == []


def test_the_boot_module_imports_nothing_new():
    script = (
        "import os, sys; before = set(sys.modules); import _ddllm_boot; _ddllm_boot.install();"
        "print(sorted(set(sys.modules) - before - {'_ddllm_boot'}))"
    )
    # Without the .pth files of site, so that the boot module is not there yet; os is what site itself has loaded by then.
    bare = [sys.executable, "-S", "-c", script]
    done = subprocess.run(bare, env=environment({}), cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_pth_and_the_start_file_name_the_same_function():
    assert (ROOT / "ddllm.pth").read_text().strip() == "import _ddllm_boot; _ddllm_boot.install()"
    assert (ROOT / "ddllm.start").read_text().strip() == "_ddllm_boot:install"
