import json
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from ddllm.cli.doctor import startup


@pytest.fixture(autouse=True)
def _switched_on(monkeypatch):
    monkeypatch.delenv("DDLLM_ENABLED", raising=False)
    monkeypatch.delenv("DD_UNLOAD_MODULES_FROM_SITECUSTOMIZE", raising=False)


@pytest.fixture
def installed(monkeypatch):
    """Say which modules can be found."""

    def choose(*names):
        monkeypatch.setattr(startup.importlib.util, "find_spec", lambda name: object() if name in names else None)
        monkeypatch.setattr(startup.shutil, "which", lambda name, path=None: f"/bin/{name}" if name in names else None)

    return choose


def ended(code=0, out="", err=""):
    return subprocess.CompletedProcess([], code, out, err)


@pytest.mark.parametrize(
    ("value", "status"), [("true", "ok"), ("", "ok"), ("false", "warn"), ("0", "warn"), ("OFF", "warn")]
)
def test_the_switch_is_read_as_start_up_reads_it(monkeypatch, value, status):
    monkeypatch.setenv("DDLLM_ENABLED", value)
    assert startup.switched_on().status == status


def test_the_boot_file_of_this_environment_is_found():
    finding = startup.boot_file()
    assert (finding.status, Path(finding.detail.removesuffix(", armed")).name) == ("ok", startup.BOOT_FILE)


def test_a_missing_boot_file_is_a_failure_that_says_where_ddllm_is(monkeypatch, tmp_path):
    monkeypatch.setattr(startup.site, "getsitepackages", lambda: [str(tmp_path)])
    monkeypatch.setattr(startup.site, "ENABLE_USER_SITE", False)
    finding = startup.boot_file()
    assert finding.status == "fail"
    assert "where boot files are not read" in finding.detail
    assert "import ddllm.auto" in finding.advice


def test_a_boot_file_that_armed_nothing_is_a_failure(monkeypatch):
    monkeypatch.setattr(sys, "meta_path", [])
    monkeypatch.delitem(sys.modules, "ddllm.instrument.bootstrap", raising=False)
    assert startup.boot_file().status == "fail"


def test_what_is_switched_off_is_not_tried(monkeypatch):
    monkeypatch.setenv("DDLLM_ENABLED", "false")
    assert startup.boot_file().status == "skip"
    assert startup.under_ddtrace_run().status == "skip"


def test_ddtrace_run_that_is_not_there_is_a_failure(installed):
    installed()
    assert startup.under_ddtrace_run().status == "fail"


def test_the_line_that_ddllm_logs_is_the_proof():
    line = "ddllm 0.1.0 active: via=ddllm.pth ddtrace=4.16.0 patched=[botocore 1.44.5]"
    assert startup._judge(ended(out=f"noise\n{json.dumps([['INFO', line]])}\n")) == startup.Finding("ok", line)


def test_what_ddllm_logged_instead_is_shown():
    out = json.dumps([["WARNING", "ddllm could not patch botocore\nTraceback …"]])
    finding = startup._judge(ended(out=out))
    assert finding.status == "fail"
    assert finding.detail.endswith(": ddllm could not patch botocore")


def test_what_was_said_before_logging_is_shown():
    assert startup._judge(ended(out="[]", err="one\nImportError: no\n")).detail.endswith(": ImportError: no")


def test_a_process_that_fails_under_ddtrace_run_is_a_failure():
    finding = startup._judge(ended(code=1, err="Traceback …\nSegmentationError: 11\n"))
    assert finding.detail == "a Python under ddtrace-run failed: SegmentationError: 11"


def test_the_oldest_versions_are_those_of_our_own_metadata():
    assert startup._required("ddtrace") == "2.21"


@pytest.mark.parametrize(
    ("found", "status"), [("2.20.9", "fail"), ("2.21.0", "ok"), ("2.21.0rc1", "ok"), ("10.0", "ok")]
)
def test_a_version_is_compared_by_its_numbers(monkeypatch, found, status):
    monkeypatch.setattr(startup.metadata, "version", lambda name: found)
    assert startup.version("ddtrace").status == status


def test_a_library_that_is_not_installed_is_a_failure(monkeypatch):
    def missing(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(startup.metadata, "version", missing)
    finding = startup.version("wrapt")
    assert finding.status == "fail"
    assert finding.advice.startswith("pip install 'wrapt>=")


@pytest.mark.parametrize(("botocore", "status"), [("1.44.9", "ok"), ("1.40.1", "warn")])
def test_botocore_goes_with_its_boto3(monkeypatch, botocore, status):
    monkeypatch.setattr(startup.metadata, "version", {"boto3": "1.44.5", "botocore": botocore}.__getitem__)
    assert startup.botocore_version().status == status


def test_gevent_is_a_trap_unless_ddtrace_is_told(monkeypatch, installed):
    installed()
    assert startup.gevent().status == "ok"
    installed("gevent")
    assert startup.gevent().status == "warn"
    monkeypatch.setenv("DD_UNLOAD_MODULES_FROM_SITECUSTOMIZE", "false")
    assert startup.gevent().status == "ok"


def test_uwsgi_needs_its_threads(installed):
    installed()
    assert startup.uwsgi().status == "ok"
    installed("uwsgi")
    assert "--enable-threads" in startup.uwsgi().advice
