"""What users get: the wheel's contents, and ddllm at work where nothing but the wheel and what it needs is installed."""

import json
import zipfile
from pathlib import Path

import click
import pytest

from ddllm.cli import cli
from tests.support import wheel as wheels
from tests.support.process import ROOT, environment, run

# One worker builds and installs; the others have other tests to run.
pytestmark = pytest.mark.xdist_group("wheel")

# What a user's process must never load for being told about ddllm.
INERT = "import json, sys; print(json.dumps(sorted(m for m in sys.modules if m.split('.')[0] in ('ddllm', 'ddtrace', 'wrapt'))))"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return wheels.build(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def contents(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def scripts(wheel, tmp_path_factory):
    return wheels.install(wheel, tmp_path_factory.mktemp("environment"))


@pytest.fixture
def env(scripts):
    """The environment variables of a process that sees the installed wheel and not this repository."""
    variables = environment({"PATH": f"{scripts}:/usr/bin:/bin"})
    del variables["PYTHONPATH"]
    return variables


def in_tree(folder, pattern="*"):
    return {path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob(pattern) if path.is_file()}


def test_the_boot_files_lie_beside_the_package(contents):
    assert {"_ddllm_boot.py", "ddllm.pth", "ddllm.start", "ddllm/__init__.py", "ddllm/py.typed"} <= contents


def test_every_module_is_there(contents):
    assert in_tree("ddllm", "*.py") <= contents


@pytest.mark.parametrize("folder", ["monitors", "dashboards", "examples"])
def test_the_library_travels_with_it(contents, folder):
    files = {name for name in in_tree(folder) if "__pycache__" not in name}
    assert files
    assert {f"ddllm/library/{name}" for name in files} <= contents


def test_nothing_else_is_put_among_the_users_packages(contents):
    tops = {name.split("/")[0] for name in contents}
    assert {top for top in tops if not top.endswith(".dist-info")} == {
        "ddllm",
        "_ddllm_boot.py",
        "ddllm.pth",
        "ddllm.start",
    }


def test_no_entry_point_claims_to_be_a_product_of_ddtrace(wheel):
    """New versions of ddtrace refuse it with a warning in each process."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("entry_points.txt")]
        assert archive.read(name).decode().split() == ["[console_scripts]", "ddllm", "=", "ddllm.cli:main"]


def test_a_python_that_is_not_traced_loads_nothing_of_it(scripts, env):
    assert run([scripts / "python", "-c", INERT], env, cwd=Path("/")).stdout == "[]\n"


def test_a_python_that_is_not_traced_holds_one_finder(scripts, env):
    code = "import sys; print([type(f).__module__ for f in sys.meta_path].count('_ddllm_boot'))"
    assert run([scripts / "python", "-c", code], env, cwd=Path("/")).stdout == "1\n"


def test_it_is_active_under_ddtrace_run(scripts, env):
    code = (
        "import logging; logging.basicConfig(format='%(message)s'); logging.getLogger('ddllm').setLevel('INFO')\n"
        "import ddllm, botocore.client; print(ddllm.__file__)"
    )
    done = run([scripts / "ddtrace-run", scripts / "python", "-c", code], env, cwd=Path("/"))
    assert Path(done.stdout.strip()).is_relative_to(scripts.parent)
    assert "active: via=ddllm.pth" in done.stderr


def test_it_stays_out_where_it_is_switched_off(scripts, env):
    code = f"import botocore.client\n{INERT.replace('ddtrace', '_').replace('wrapt', '_')}"
    env["DDLLM_ENABLED"] = "false"
    assert run([scripts / "ddtrace-run", scripts / "python", "-c", code], env, cwd=Path("/")).stdout == "[]\n"


@pytest.mark.parametrize("command", cli.list_commands(click.Context(cli)))
def test_help_needs_no_extra(scripts, env, command):
    assert "Usage: ddllm" in run([scripts / "ddllm", command, "--help"], env, cwd=Path("/")).stdout


def test_the_doctor_finds_start_up_healthy(scripts, env):
    done = run([scripts / "ddllm", "doctor", "--format", "json"], env, check=False, cwd=Path("/"))
    status = {check["name"]: check["status"] for check in json.loads(done.stdout)["checks"]}
    assert {
        name: status[name] for name in ("boot file", "ddtrace-run", "ddtrace", "boto3", "datadog")
    } == dict.fromkeys(("boot file", "ddtrace-run", "ddtrace", "boto3", "datadog"), "ok")


def test_the_library_can_be_used_as_it_is(scripts, env):
    (library,) = scripts.parent.glob("lib/python*/site-packages/ddllm/library")
    assert "all well" in run([scripts / "ddllm", "validate", library], env, cwd=Path("/")).stdout


def test_a_repository_can_be_laid_out_from_it(scripts, env, tmp_path):
    run([scripts / "ddllm", "init", "mine"], env, cwd=tmp_path)
    assert "all well" in run([scripts / "ddllm", "validate"], env, cwd=tmp_path / "mine").stdout


def test_the_demo_needs_nothing_but_the_wheel(scripts, env):
    done = run([scripts / "ddllm", "demo", "--seconds", "1", "--format", "json"], env, cwd=Path("/"))
    assert json.loads(done.stdout)["summary"]["total"]["requests"] > 0
