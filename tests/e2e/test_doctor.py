"""`ddllm doctor` as a user runs it: a process, its environment, what it prints and its exit code."""

import json
import socket

import pytest

from ddllm import catalog
from tests.support.http_server import serve
from tests.support.process import BIN, environment, run

PERCENTILES = {"data": [{"type": "manage_tags", "id": metric.name} for metric in catalog.METRICS if metric.percentiles]}


def datadog(asked):
    return 200, PERCENTILES if asked.path == "/api/v2/metrics" else {"valid": True}


@pytest.fixture
def healthy(tmp_path):
    """Variables of an environment in which all is well."""
    with serve(datadog) as api, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as agent:
        agent.bind(("127.0.0.1", 0))
        yield environment(
            {
                "DD_SERVICE": "chat",
                "DD_ENV": "prod",
                "DD_VERSION": "1",
                "DD_DOGSTATSD_URL": f"udp://127.0.0.1:{agent.getsockname()[1]}",
                "DD_API_KEY": "a" * 32,
                "DD_APP_KEY": "b" * 40,
                "DDLLM_API_URL": api.url,
                "DD_UNLOAD_MODULES_FROM_SITECUSTOMIZE": "false",
            }
        )


def doctor(env, folder, *arguments):
    return run([BIN / "ddllm", "doctor", *arguments], env, check=False, cwd=folder)


def test_where_all_is_well_every_check_says_so(healthy, tmp_path):
    done = doctor(healthy, tmp_path, "--format", "json")
    answer = json.loads(done.stdout)
    unwell = {
        check["name"]: check for check in answer["checks"] if check["status"] != "ok" and check["name"] != "uWSGI"
    }
    assert (unwell, answer["healthy"], done.returncode) == ({}, True, 0)


def test_the_line_of_ddllms_own_start_is_the_proof_of_it(healthy, tmp_path):
    answer = json.loads(doctor(healthy, tmp_path, "--format", "json").stdout)
    (proof,) = [check["detail"] for check in answer["checks"] if check["name"] == "ddtrace-run"]
    assert "via=ddllm.pth" in proof
    assert "patched=[botocore" in proof


def test_what_is_wrong_is_named_with_what_to_do(healthy, tmp_path):
    (tmp_path / "ddllm.yaml").write_text("price: {}\n")
    done = doctor(healthy, tmp_path)
    line = next(line for line in done.stdout.splitlines() if "ddllm.yaml" in line)
    assert done.returncode == 1
    assert line.startswith("fail  ddllm.yaml")
    assert "ddllm.yaml:1" in line
    assert "→ Until it is mended, applications run with the defaults." in done.stdout


def test_no_colour_where_nobody_sees_it(healthy, tmp_path):
    assert "\x1b" not in doctor(healthy, tmp_path).stdout


def test_no_secret_is_printed(healthy, tmp_path):
    done = doctor(healthy, tmp_path)
    assert "a" * 32 not in done.stdout + done.stderr
    assert "b" * 40 not in done.stdout + done.stderr
