import inspect
import subprocess
import sys
from importlib import import_module

import pytest

import ddllm
from tests.support.process import ROOT, environment

#: What a user may import from `ddllm`; a change here is a change of the public contract.
CONTRACT = {
    "CallRef",
    "__version__",
    "action",
    "context",
    "feedback",
    "last_call",
    "patch",
    "pricing",
    "quality",
    "unpatch",
}


def python(script: str) -> str:
    """Run a script in an interpreter of its own, without ddtrace-run, and return what it prints."""
    argv = [sys.executable, "-c", script]
    return subprocess.run(
        argv, env=environment({}), cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()


def test_the_public_names_are_the_contract():
    assert set(ddllm.__all__) == CONTRACT


def test_all_is_what_the_module_really_has():
    assert sorted(ddllm.__all__) == list(ddllm.__all__) == dir(ddllm)
    assert {name for name in ddllm.__all__ if getattr(ddllm, name, None) is None} == set()


def test_every_public_name_that_is_not_loaded_yet_has_a_home():
    assert set(ddllm._HOMES) == {name for name in ddllm.__all__ if not name.startswith("__")}
    for name, home in ddllm._HOMES.items():
        module = import_module(home)
        assert getattr(ddllm, name) is (module if home == f"ddllm.{name}" else getattr(module, name))


def test_everything_public_is_documented():
    for name in ddllm._HOMES:
        assert inspect.getdoc(getattr(ddllm, name)), name


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'ddllm' has no attribute 'contxt'"):
        _ = ddllm.contxt
    with pytest.raises(ImportError):
        from ddllm import contxt  # noqa: F401


def test_importing_ddllm_loads_none_of_it():
    script = (
        "import sys, ddllm; print(sorted(n for n in sys.modules if n.split('.')[0] in {'ddllm', 'ddtrace', 'wrapt'}))"
    )
    assert set(python(script).strip("[]").replace("'", "").split(", ")) <= {"ddllm", "ddllm.version"}


def test_a_name_is_loaded_when_it_is_used_and_kept():
    script = (
        "import sys, ddllm; ddllm.context;"
        "print('ddllm.instrument.attribution' in sys.modules, 'context' in vars(ddllm), 'botocore' in sys.modules)"
    )
    assert python(script) == "True True False"
