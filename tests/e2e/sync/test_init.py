"""`ddllm init` as a real process, and what it laid out at work against an organisation."""

from pathlib import Path

from ddllm.sandbox.api import DatadogApi
from tests.support.commands import ddllm, written


def test_what_is_laid_out_works_as_it_is(api: DatadogApi, tmp_path: Path):
    folder = tmp_path / "shop-monitors"
    told = ddllm(None, tmp_path, "init", "shop-monitors", "--team", "ml")
    assert told.returncode == 0, told.stderr
    assert ddllm(None, folder, "validate").stdout.startswith("shop-monitors/prod: ")
    plan = ddllm(api, folder, "plan")
    assert (plan.returncode, written(api)) == (2, []), plan.stderr
    synced = ddllm(api, folder, "sync")
    assert synced.returncode == 0, synced.stderr
    assert "ddllm:shop-monitors/prod/ttft-p95-degraded" in {tag for each in api.monitors.all() for tag in each["tags"]}
    assert ddllm(api, folder, "plan").returncode == 0
