"""A monitor's message: what a page must show first, and handles by transition. GOLDEN=write renews the files below golden/."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddllm.definitions.definition import Definition, Source
from ddllm.definitions.document import parse
from ddllm.definitions.message import Audience, Links, Member, message
from ddllm.definitions.monitors import MonitorDefinition
from ddllm.definitions.variables import Reference, Template, fill
from tests.support.notifications import TRANSITIONS, Notification

GOLDEN = Path(__file__).with_name("golden")
SOURCE = Source(parse("", "m.yaml"), ())
GROUP = {"service": "chat", "model_name": "claude-3-5-sonnet-20241022", "feature": "search"}
BOARD = Definition(
    kind="dashboards",
    key="llm-health",
    body={
        "template_variables": [
            {"name": "env", "prefix": "env", "defaults": ["prod"]},
            {"name": "service", "prefix": "service"},
            {"name": "model", "prefix": "model_name"},
            {"name": "free"},
        ]
    },
    source=SOURCE,
)
LINKS = Links("https://app.datadoghq.com", "prod", Reference("runbooks", "slow-first-token"), BOARD)
IDS = {Reference("runbooks", "slow-first-token"): 12345678, Reference("dashboards", "llm-health"): "abc-def-ghi"}
PD, SLACK, HOOK = "@pagerduty-llm", "@slack-acme-llm", "@webhook-ddllm-shop-prod-context"
MEMBERS = (Member("ttft-p95-high", "> 2"), Member("ttft-enough-samples", ">= 40"))


def monitor(kind: str = "query alert", text: Any = "People wait.\n", **options: Any) -> MonitorDefinition:
    body = {"name": "n", "type": kind, "query": "q", "message": text, "options": options}
    return MonitorDefinition(
        kind="monitors",
        key="slow",
        body=body,
        source=SOURCE,
        severity="page",
        team=None,
        runbook=None,
        collect_context=True,
    )


def whole(
    *audiences: Audience,
    of: MonitorDefinition | None = None,
    groups: tuple[str, ...] = ("service", "model_name"),
    members: tuple[Member, ...] = (),
    links: Links = LINKS,
) -> str:
    """Return a message as it is sent."""
    text = fill(message(of or monitor(), groups, members, audiences, links), IDS)
    assert isinstance(text, str)
    return text


def called(text: str, **tags: str) -> dict[str, set[str]]:
    """Return the handles of each transition."""
    return {name: Notification(name, {**GROUP, **tags}).handles(text) for name in TRANSITIONS}


def golden(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text + "\n", "utf-8")
    assert text + "\n" == path.read_text("utf-8")


WARNING = {"thresholds": {"critical": 2, "warning": 1.5}}
CASES = {
    "page": whole(Audience(None, (PD, SLACK), HOOK)),
    "page-with-warning": whole(Audience(None, (PD,)), of=monitor(**WARNING)),
    "sent-by-the-collector": whole(Audience(None, (PD, SLACK), HOOK, collector_pages=True)),
    "by-feature": whole(
        Audience("search", ("@pagerduty-search",), HOOK),
        Audience("chat", ("@slack-chat",)),
        Audience(None, (PD,), HOOK),
        groups=("service", "feature"),
    ),
    "composite": whole(Audience(None, (PD,)), of=monitor("composite"), members=MEMBERS),
    "nobody": whole(of=monitor(text=""), groups=(), links=Links("https://app.datadoghq.eu", "prod", None, None)),
    "service-check": whole(Audience(None, (SLACK,)), of=monitor("service check"), groups=("host", "dot.key")),
}


@pytest.mark.parametrize("name", CASES)
def test_messages_are_as_the_golden_files_have_them(name: str):
    golden(f"message-{name}.txt", CASES[name])


@pytest.mark.parametrize("name", ["page", "page-with-warning", "composite", "sent-by-the-collector"])
@pytest.mark.parametrize("transition", ["alert", "no data"])
def test_the_first_300_characters_hold_what_a_person_would_look_up(name: str, transition: str):
    head = Notification(transition, GROUP).render(CASES[name])[:300]
    shown = ["service:chat,model_name:claude-3-5-sonnet-20241022", "https://app.datadoghq.com/notebook/12345678"]
    shown += ["https://app.datadoghq.com/dashboard/abc-def-ghi?from_ts=1767571200000&to_ts=1767575700000"]
    shown += ["&tpl_var_service=chat&tpl_var_model=claude-3-5-sonnet-20241022"]
    shown += ["No data"] if transition == "no data" else ["2.413 (> 2"]
    assert [text for text in shown if text not in head] == []


def test_another_environment_than_the_dashboards_own_is_chosen():
    assert "&tpl_var_env=staging" in whole(links=replace(LINKS, env="staging"))


def test_a_recovery_says_so_first():
    assert Notification("alert recovery", GROUP).render(CASES["page"]).startswith("Recovered: 2.413 (> 2.0) | ")


def test_a_warning_shows_the_threshold_that_it_passed():
    assert Notification("warning", GROUP).render(CASES["page-with-warning"]).startswith("2.413 (> 1.5) | ")


def test_a_pager_hears_of_alerts_and_of_every_recovery_and_of_no_warning():
    assert {name for name, handles in called(CASES["page-with-warning"]).items() if PD in handles} == {
        "alert",
        "renotify",
        "no data",
        "alert recovery",
        "warning recovery",
        "no data recovery",
    }


def test_other_handles_hear_of_everything():
    assert all(SLACK in handles for handles in called(CASES["page"]).values())


def test_the_collector_is_called_where_a_pager_is():
    handles = called(CASES["page"])
    assert {name for name, each in handles.items() if HOOK in each} == {
        name for name, each in handles.items() if PD in each
    }


def test_where_the_collector_pages_datadog_pages_only_again_and_still_resolves():
    handles = called(CASES["sent-by-the-collector"])
    assert {name for name, each in handles.items() if PD in each} == {"renotify", "alert recovery", "no data recovery"}
    assert {"alert", "no data", "alert recovery"} <= {name for name, each in handles.items() if HOOK in each}


@pytest.mark.parametrize(
    ("feature", "handle"), [("search", "@pagerduty-search"), ("chat", "@slack-chat"), ("draw", PD), ("", PD)]
)
def test_a_feature_has_its_own_audience_and_the_rest_the_last(feature: str, handle: str):
    for transition in ("alert", "alert recovery"):
        assert called(CASES["by-feature"], feature=feature)[transition] - {HOOK} == {handle}


def test_what_its_author_refers_to_stays_a_reference():
    other = Reference("monitors", "other")
    text = message(monitor(text=Template(("See ", other))), (), (), (), LINKS)
    assert isinstance(text, Template)
    assert other in text.references


TAGS = st.lists(st.sampled_from(["service", "feature", "dot.key", "@http.status_code"]), unique=True)
HANDLES = st.lists(st.sampled_from([PD, SLACK, "@opsgenie-x", "a@example.com", "@oncall-team"]), max_size=3).map(tuple)
AUDIENCES = st.lists(
    st.builds(Audience, st.sampled_from(["search", "chat"]), HANDLES, st.sampled_from([None, HOOK]), st.booleans()),
    unique_by=lambda each: each.feature,
    max_size=2,
)


@given(
    kind=st.sampled_from(["query alert", "composite", "service check", "event alert", "log alert", "slo alert"]),
    warning=st.booleans(),
    groups=TAGS,
    audiences=AUDIENCES,
    last=st.builds(Audience, st.none(), HANDLES, st.sampled_from([None, HOOK]), st.booleans()),
)
def test_every_condition_is_closed_and_every_handle_stands_alone(
    kind: str, warning: bool, groups: list[str], audiences: list[Audience], last: Audience
):
    of = monitor(kind, **(WARNING if warning else {}))
    text = whole(*audiences, last, of=of, groups=tuple(groups), members=MEMBERS)
    wanted = {handle for each in (*audiences, last) for handle in each.handles if handle.startswith("@")}
    found: set[str] = set()
    for feature in ("search", "chat", "draw"):
        for handles in called(text, feature=feature).values():
            found |= handles
    assert found - {HOOK} == wanted
