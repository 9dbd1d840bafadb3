"""The worked example of feedback: a person asks in a real browser, reads, and clicks; the click arrives as a metric."""

import os
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ddllm.sandbox.bedrock import Bedrock
from tests.support.agent import Agent
from tests.support.process import BIN, ROOT, environment, running

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DEADLINE = 30_000


@pytest.fixture
def agent() -> Iterator[Agent]:
    with Agent() as seen:
        yield seen


@pytest.fixture
def url(agent: Agent) -> Iterator[str]:
    """Serve the example under ddtrace-run; the listening socket is ours, so that it can be asked at once."""
    with Bedrock() as bedrock, socket.create_server(("127.0.0.1", 0)) as listening:
        bedrock.turn("*", ttft_p50=30, ttft_p95=60)
        os.set_inheritable(listening.fileno(), True)
        env = environment(
            {
                **agent.env,
                "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": bedrock.url,
                "DDLLM_FLUSH_INTERVAL": "0.1",
                "DDLLM_FEEDBACK_KEY": "k",
            }
        )
        options = ["--app-dir", str(ROOT / "examples"), "--fd", str(listening.fileno()), "--log-level", "warning"]
        argv = [str(BIN / "ddtrace-run"), sys.executable, "-m", "uvicorn", "thumbs:app", *options]
        with running(argv, env, pass_fds=[listening.fileno()]):
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine (Debian: apt-get install chromium)")
def test_a_thumb_on_the_page_is_a_metric_of_the_call(url: str, agent: Agent, tmp_path: Path) -> None:
    from playwright.sync_api import expect, sync_playwright

    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=CHROMIUM, args=quiet) as browser:
        page = browser.new_page()
        page.set_default_timeout(DEADLINE)
        page.goto(url)
        page.get_by_role("button", name="Ask").click()
        up = page.get_by_role("button", name="Good answer")
        expect(up).to_be_enabled(timeout=DEADLINE)
        assert len(page.locator("#answer").inner_text()) > 20
        up.click()
        expect(page.get_by_text("Thank you.")).to_be_visible(timeout=DEADLINE)
        page.screenshot(path=os.environ.get("DDLLM_SCREENSHOT") or tmp_path / "thumbs.png")
    agent.wait(lambda seen: seen.find("ddllm.feedback"))
    [sample] = agent.find("ddllm.feedback")
    assert {"feature": "ask", "prompt_template": "shop", "kind": "thumbs_up"}.items() <= sample.tags.items()
    assert sample.tags["model_name"] == "claude-3-5-sonnet-20241022-v2"
    agent.wait(lambda seen: seen.find("ddllm.ttft", feature="ask"))
    assert agent.total("ddllm.telemetry.errors") == 0


def test_a_browser_cannot_make_references_up(url: str, agent: Agent) -> None:
    import httpx

    answer = httpx.post(f"{url}/ask", json={"text": "Are you open?", "conversation": "c1"}, timeout=30)
    assert len(answer.text) > 20
    forged = answer.headers["X-Answer-Ref"][:-4] + "AAAA"
    assert httpx.post(f"{url}/feedback", json={"ref": forged, "kind": "thumbs_up"}, timeout=30).status_code == 204
    agent.wait(lambda seen: seen.find("ddllm.telemetry.dropped", reason="feedback_forged"))
    assert agent.find("ddllm.feedback") == []
