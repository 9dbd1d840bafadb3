"""What ddllm loads into a process, and when: what is heavy is the worker's, and nothing of it is loaded before a first call."""

import sys
from functools import cache

import pytest

from tests.support.process import BIN, environment, run

# What is loaded lazily, on the worker or by a command: milliseconds that no application's start should pay.
HEAVY = {
    "boto3",
    "click",
    "datadog",
    "datadog_api_client",
    "genai_prices",
    "jsonschema_rs",
    "lark",
    "pydantic",
    "rich",
    "yaml",
}

LOADED = "import sys; {code}; print('\\n'.join(sys.modules))"


@cache
def loaded(code, *, launcher=(), ddllm=True):
    """Return the modules that are loaded once a process ran `code`."""
    done = run([*launcher, sys.executable, "-c", LOADED.format(code=code)], environment({}, ddllm=ddllm))
    return set(done.stdout.split())


def traced(code, *, ddllm=True):
    return loaded(code, launcher=(BIN / "ddtrace-run",), ddllm=ddllm)


def tops(modules):
    return {module.split(".")[0] for module in modules}


def test_importing_ddllm_loads_the_standard_library_alone():
    added = loaded("import ddllm") - loaded("pass")
    assert tops(added) - sys.stdlib_module_names == {"ddllm"}
    assert {module for module in added if module.startswith("ddllm")} == {"ddllm", "ddllm.version"}


@pytest.mark.parametrize("name", ["context", "patch", "unpatch"])
def test_what_runs_in_the_application_loads_ddtrace_and_wrapt_beside_it(name):
    without = traced("pass", ddllm=False)
    added = loaded(f"import ddllm; ddllm.{name}") - loaded("pass") - without
    assert tops(added) - sys.stdlib_module_names <= {"ddllm", "ddtrace", "wrapt"}


def test_start_up_under_ddtrace_run_loads_nothing_beside_ddllm():
    added = traced("pass") - traced("pass", ddllm=False)
    assert "ddllm.instrument.bootstrap" in added
    assert tops(added) - sys.stdlib_module_names <= {"ddllm", "wrapt"}


def test_patching_loads_nothing_beside_what_the_application_loads():
    application = "import boto3; boto3.client('bedrock-runtime')"
    added = traced(application) - traced(application, ddllm=False)
    assert "ddllm.instrument.patch.botocore" in added
    assert tops(added) - sys.stdlib_module_names <= {"ddllm", "wrapt"}
    assert not tops(added) & HEAVY


def test_an_application_that_is_switched_off_loads_nothing_of_ddllm():
    assert "ddllm" not in traced("import botocore.client", ddllm=False)


def test_the_version_of_the_command_line_costs_click_alone():
    added = loaded("from ddllm.cli import cli") - loaded("pass")
    assert tops(added) & HEAVY == {"click"}
