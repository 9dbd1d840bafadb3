"""`ddllm compare` as a process, over real boto3: what it prints, and that it goes on where it was stopped."""

import json
import os
import signal
import subprocess

import pytest

from ddllm.analysis.compare.results import Results
from ddllm.sandbox.agent import Agent
from ddllm.sandbox.bedrock import Bedrock, Dials
from tests.support.comparison import write_workload
from tests.support.process import BIN, environment, run, running
from tests.support.simulator import FAST

#: Slow enough to be stopped in the middle.
STEADY = Dials(ttft_p50=60, ttft_p95=60, tokens_per_second=2_000)

WAIT = 30.0


@pytest.fixture
def bedrock(request):
    with Bedrock(getattr(request, "param", FAST)) as running_:
        yield running_


@pytest.fixture
def env(bedrock):
    return environment({"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": bedrock.url, "DD_DOGSTATSD_URL": "udp://127.0.0.1:1"})


def argv(*arguments, metrics=False):
    """The command line; without metrics a process starts a second sooner."""
    return [str(BIN / "ddllm"), "compare", *map(str, arguments), *([] if metrics else ["--no-metrics"])]


def asked_of(bedrock):
    return sum(bedrock.stats.requests.values())


def test_it_compares_and_prints_a_document(bedrock, env, tmp_path):
    path = write_workload(tmp_path, prompts=6, repeat=2)
    document = json.loads(run(argv(path, "--format", "json"), env, cwd=tmp_path).stdout)
    assert document["calls"] == {"planned": 24, "finished": 24, "failed": 0, "made_now": 24, "left": 0}
    assert bedrock.stats.requests == {"converse-stream": 24}
    assert {metric["metric"] for metric in document["metrics"]} >= {"cost", "ttft", "duration", "refusals", "errors"}
    assert document["results"] == ".ddllm/compare/shop.jsonl"
    done = run(argv(path), env, cwd=tmp_path)  # nothing is left to do: the same report, as a table
    assert f"time to first token  {metric(document, 'ttft')['conclusion']}"[:90] in done.stdout
    assert ("\x1b" in done.stdout, done.stderr) == (False, "")
    run(argv(path, "--format", "html", "--out", "report.html"), env, cwd=tmp_path)
    assert (tmp_path / "report.html").read_text("utf-8").startswith("<!doctype html>")
    assert asked_of(bedrock) == 24


def metric(document, name):
    return next(each for each in document["metrics"] if each["metric"] == name)


@pytest.mark.parametrize("bedrock", [STEADY], indirect=True)
def test_after_an_interruption_no_call_is_made_twice(bedrock, env, tmp_path):
    path = write_workload(tmp_path, prompts=8, repeat=3)
    with running(argv(path), env, cwd=tmp_path) as process:
        bedrock.wait_for(lambda stats: stats.statuses[200] >= 10, WAIT)
        os.kill(process.pid, signal.SIGINT)
        said, _ = process.communicate(timeout=WAIT)
    assert process.returncode == 130, said
    made = asked_of(bedrock)
    assert 10 <= made < 48
    assert said == (
        "Calls that are under way end first, since they will be paid for. Interrupt again to leave them.\n"
        f"ddllm: interrupted; {made} of 48 calls are in .ddllm/compare/shop.jsonl, and the same command goes on\n"
    )
    document = json.loads(run(argv(path, "--format", "json"), env, cwd=tmp_path).stdout)
    assert (document["calls"]["finished"], document["calls"]["made_now"]) == (48, 48 - made)
    assert asked_of(bedrock) == 48


def test_a_second_interruption_does_not_wait(bedrock, env, tmp_path):
    bedrock.turn(ttft_p50=200_000, ttft_p95=200_000)
    with running(argv(write_workload(tmp_path)), env, cwd=tmp_path) as process:
        bedrock.wait_for(lambda stats: stats.open == 3, WAIT)
        os.kill(process.pid, signal.SIGINT)
        assert process.stdout.readline().startswith("Calls that are under way end first")
        os.kill(process.pid, signal.SIGINT)
        said, _ = process.communicate(timeout=WAIT)
    assert (process.returncode, said.strip()) == (130, "ddllm: interrupted")


@pytest.mark.parametrize("bedrock", [STEADY], indirect=True)
def test_after_a_crash_only_what_was_under_way_is_made_again(bedrock, env, tmp_path):
    path = write_workload(tmp_path, prompts=8, repeat=3, concurrency=3)
    results = tmp_path / "r.jsonl"
    with running(argv(path, "--results", results), env, cwd=tmp_path) as process:
        bedrock.wait_for(lambda stats: stats.statuses[200] >= 10, WAIT)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate(timeout=WAIT)
    with results.open("ab") as file:
        file.write(b'{"finished": {"key": "torn')  # as a crash in the middle of a line leaves it
    lines = [json.loads(line) for line in results.read_bytes().split(b"\n")[:-1]]
    kept = sum("finished" in line for line in lines)
    lost = sum("begun" in line for line in lines) - kept
    assert kept >= 5
    assert lost <= 3
    document = json.loads(run(argv(path, "--results", results, "--format", "json"), env, cwd=tmp_path).stdout)
    assert document["calls"] == {"planned": 48, "finished": 48, "failed": 0, "made_now": 48 - kept, "left": 0}
    assert 48 <= asked_of(bedrock) <= 48 + lost
    # What was lost may have been paid for, and counts.
    assert document["budget"]["spent"] > sum(model["spent"] for model in document["models"]) or not lost


def test_a_budget_ends_it_well(bedrock, env, tmp_path):
    path = write_workload(tmp_path, prompts=8, repeat=3, budget=0.01)
    document = json.loads(run(argv(path, "--format", "json"), env, cwd=tmp_path).stdout)
    assert document["stopped"] == "budget"
    assert 0 < document["calls"]["left"] == 48 - asked_of(bedrock)
    assert document["budget"]["spent"] <= 0.01
    told = run(argv(path), env, cwd=tmp_path).stdout
    assert "stopped by the budget: the next call could pass $0.01" in told


def test_its_calls_are_reported_as_any_applications(bedrock, env, tmp_path):
    with Agent() as agent:
        env["DD_DOGSTATSD_URL"] = agent.udp_url
        run(argv(write_workload(tmp_path, prompts=3, repeat=1), metrics=True), env, cwd=tmp_path)
        agent.wait_for(lambda: agent.total("ddllm.requests") == 6, WAIT)
        assert agent.total("ddllm.requests", by=("feature", "model_name")) == {
            ("compare", "claude-3-5-sonnet-20241022-v2"): 3,
            ("compare", "llama3-2-90b-instruct-v1"): 3,
        }
        agent.wait_for(lambda: agent.total("ddllm.comparison.requests") == 6, WAIT)
        assert agent.total("ddllm.comparison.requests", comparison="shop", model_name="llama3-2-90b-instruct-v1") == 3
        assert agent.sketch("ddllm.comparison.ttft", comparison="shop").count == 6
        before = len(agent.metrics())
        run(argv(write_workload(tmp_path, prompts=3, repeat=1), "--fresh"), env, cwd=tmp_path)
        assert len(agent.metrics()) == before


def test_the_sandbox_needs_no_account(tmp_path):
    env = {**environment({}), "AWS_PROFILE": "nobody", "HTTPS_PROXY": "http://127.0.0.1:1"}
    path = write_workload(tmp_path, prompts=2, repeat=1, concurrency=4)
    document = json.loads(run(argv(path, "--sandbox", "--format", "json"), env, cwd=tmp_path).stdout)
    assert document["calls"]["finished"] == 4
    assert document["results"] == ".ddllm/compare/shop.sandbox.jsonl"
    assert document["sandbox"] is True


def test_the_users_prices_hold_in_the_sandbox_too(tmp_path):
    path = write_workload(tmp_path, prompts=1, repeat=1, budget=10)
    env = environment({})
    price = "{input_per_million: 1000, output_per_million: 1000}"
    (tmp_path / "prices.yaml").write_text(f"prices: {{models: {{llama3-2-90b-instruct-v1: {price}}}}}\n")
    env["DDLLM_CONFIG"] = "prices.yaml"
    document = json.loads(run(argv(path, "--sandbox", "--format", "json"), env, cwd=tmp_path).stdout)
    own = document["models"][1]
    assert own["spent"] == pytest.approx((own["input_tokens"] + own["output_tokens"]) / 1000)


def error(arguments, env, cwd):
    done = run(argv(*arguments), env, check=False, cwd=cwd)
    assert (done.returncode, done.stdout) == (1, "")
    return done.stderr


def test_what_is_wrong_with_a_workload_is_one_line(env, tmp_path):
    path = tmp_path / "w.yaml"
    path.write_text("name: shop\nmodel: []\n")
    said = error(["w.yaml"], env, tmp_path)
    assert "w.yaml:2:1: unknown key `model`. Did you mean `models`?" in said
    assert (
        error(["none.yaml"], env, tmp_path) == "ddllm: none.yaml: the file cannot be read: No such file or directory\n"
    )


def test_missing_credentials_are_one_line_and_leave_nothing_spent(env, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        del env[name]
    path = write_workload(tmp_path)
    assert error([path, "--results", "r.jsonl"], env, tmp_path) == (
        "ddllm: Unable to locate credentials. "
        "Set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; --sandbox needs no account\n"
    )
    with Results(tmp_path / "r.jsonl") as results:
        assert results.spent == pytest.approx(0)


def test_where_every_call_failed_that_is_the_result(bedrock, env, tmp_path):
    bedrock.turn(server_error=1)
    path = write_workload(tmp_path, prompts=1, repeat=1)
    done = run(argv(path, "--format", "json"), env, check=False, cwd=tmp_path)
    assert done.returncode == 1
    assert json.loads(done.stdout)["calls"]["failed"] == 2
    assert done.stderr.startswith("ddllm: every call failed (")
    assert done.stderr.count("\n") == 1


def test_what_stops_a_run_stops_it_before_the_first_call(bedrock, env, tmp_path):
    path = write_workload(tmp_path)
    before = path.read_bytes()
    assert "nowhere/r: there is no folder" in error([path, "--out", "nowhere/r"], env, tmp_path)
    assert "nowhere/r: there is no folder" in error([path, "--results", "nowhere/r"], env, tmp_path)
    assert "--results names the workload" in error([path, "--results", "shop.yaml", "--fresh"], env, tmp_path)
    (tmp_path / "mine.txt").write_text("mine")
    assert "this is no file of results" in error([path, "--results", "mine.txt", "--fresh"], env, tmp_path)
    (tmp_path / "ddllm.yaml").write_text("price: {}\n")
    for more in ((), ("--sandbox",)):
        assert "ddllm.yaml:1:1: unknown key in the file: 'price'" in error([path, *more], env, tmp_path)
    assert ((tmp_path / "mine.txt").read_text(), path.read_bytes()) == ("mine", before)
    assert not (tmp_path / "nowhere").exists()
    assert asked_of(bedrock) == 0


def test_two_at_once_do_not_share_a_file(bedrock, env, tmp_path):
    bedrock.turn(ttft_p50=5_000, ttft_p95=5_000)
    path = write_workload(tmp_path)
    with running(argv(path), env, cwd=tmp_path):
        bedrock.wait_for(lambda stats: stats.open > 0, WAIT)
        said = error([path], env, tmp_path)
    assert "another comparison writes to this file. Wait for it, or name another file with --results" in said


def test_usage_is_checked_before_anything_is_spent(bedrock, env, tmp_path):
    path = write_workload(tmp_path)
    done = subprocess.run(
        argv(path, "--format", "pdf"), env=env, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=WAIT
    )
    assert (done.returncode, asked_of(bedrock)) == (1, 0)
