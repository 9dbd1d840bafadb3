"""A dashboard is created once, its widgets keep their ids, and what Datadog or its editor makes of it is no difference."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import yaml

from ddllm.api.datadog import Datadog
from ddllm.definitions.dashboards import DashboardDefinition, read
from ddllm.definitions.definition import Source
from ddllm.definitions.document import parse
from ddllm.definitions.settings import load_settings
from ddllm.definitions.variables import Reference, fill
from ddllm.errors import ApiError
from ddllm.sandbox.api import DatadogApi
from ddllm.sync.compare import Cause, Comparison, compare
from ddllm.sync.editor import plain
from ddllm.sync.identity import Owner
from ddllm.sync.resource import Remote
from ddllm.sync.resources import resources
from ddllm.sync.resources.dashboard import RESOURCE
from tests.support.conformance import Exchange, Session, second_sync, sessions, unexplained
from tests.support.datadog import client, organisation
from tests.support.repository import SETTINGS

OWNER = Owner("shop", "prod")
NORMALISER = RESOURCE.normaliser
BOARD = """
health:
  title: Health
  description: What people feel.
  layout_type: ordered
  notify_list: [b@example.com, a@example.com]
  template_variables: [{name: env, prefix: env, defaults: [prod]}]
  template_variable_presets: [{name: z, template_variables: [{name: env, values: [a]}]}, {name: b, template_variables: [{name: env, values: [b]}]}]
  tabs: [{name: All, widget_ids: [latency, "@2"]}]
  widgets:
  - key: latency
    runbook: slow-start
    monitors: [slow, slow-by-model]
    definition:
      type: group
      layout_type: ordered
      title: "Latency: where does the time go?"
      widgets:
      - {key: ttft, definition: {type: timeseries, title: First token, requests: [{response_format: timeseries, queries: [{data_source: metrics, name: q, query: "p95:ddllm.ttft{$env}"}]}]}}
  - key: words
    definition: {type: note, content: Words}
"""


@pytest.fixture
def api() -> Iterator[DatadogApi]:
    clock = count(1_700_000_000)
    with organisation(now=lambda: next(clock)) as api:
        yield api


@pytest.fixture
def datadog(api: DatadogApi) -> Iterator[Datadog]:
    with client(api) as datadog:
        yield datadog


@pytest.fixture
def board(tmp_path: Path):
    def board(*change: str) -> DashboardDefinition:
        path = tmp_path / "settings.yaml"
        path.write_text(SETTINGS)
        text = BOARD.replace(*change) if change else BOARD
        assert not change or text != BOARD
        [found] = read(parse(dedent(text).lstrip("\n"), "d.yaml"), load_settings(path, None))
        return found

    return board


def wanted(definition: DashboardDefinition, owner: Owner = OWNER) -> dict[str, Any]:
    body: dict[str, Any] = fill(RESOURCE.wanted(definition, owner), {Reference("runbooks", "slow-start"): 7})
    return body


def created(datadog: Datadog, definition: DashboardDefinition, owner: Owner = OWNER) -> Remote:
    body = wanted(definition, owner)
    return RESOURCE.create(datadog, owner, RESOURCE.marked(body, NORMALISER.mark_of(body)))


def compared(datadog: Datadog, definition: DashboardDefinition) -> Comparison:
    """Compare a definition with what a listing finds of it."""
    [held] = RESOURCE.listing(datadog, OWNER)
    return compare(NORMALISER, wanted(definition), held.body, held.applied)


def updated(datadog: Datadog, definition: DashboardDefinition) -> Remote:
    """Write a definition over what is held, as the engine does."""
    [held] = RESOURCE.listing(datadog, OWNER)
    found = compare(NORMALISER, wanted(definition), held.body, held.applied)
    body = NORMALISER.completed(wanted(definition), held.body, found.declared)
    return RESOURCE.update(datadog, OWNER, held, RESOURCE.marked(body, NORMALISER.mark_of(wanted(definition))))


def ids(widgets: Sequence[Mapping[str, Any]]) -> list[int]:
    return [number for each in widgets for number in [each["id"], *ids(each["definition"].get("widgets", []))]]


def test_it_is_found_by_its_place():
    assert resources()["dashboards"] is RESOURCE


def test_every_row_of_the_table_has_a_reason_and_a_path_of_its_own():
    paths = [row.path for row in NORMALISER.rows]
    assert len(paths) == len(set(paths))
    assert all(row.reason for row in NORMALISER.rows)


def test_marks_of_this_version_stay_what_they_are(board):
    """A change of these marks makes every dashboard of every user look changed: it needs a new version of the normaliser."""
    assert NORMALISER.mark_of({**wanted(board()), "widgets": []}) == "1-ee9b4b839fa2092d"


# -- what is sent


def test_the_users_description_stays_above_the_line_of_the_identity(datadog: Datadog, board):
    remote = created(datadog, board())
    assert remote.body["description"] == (
        f"What people feel.\n\nManaged as code by ddllm: ddllm:shop/prod/health ddllm_applied:{remote.applied}"
    )
    assert (remote.key, remote.page) == ("health", f"{datadog.connection.app_url}/dashboard/{remote.id}")


def test_nothing_of_ours_is_sent_with_widgets(board):
    assert "'key'" not in repr(wanted(board())["widgets"])
    assert wanted(board())["widgets"][0].keys() == {"id", "definition"}


def test_the_id_of_a_widget_is_made_of_the_identity_and_its_key(board):
    first = ids(wanted(board())["widgets"])
    assert len(set(first)) == len(first) == 4
    assert all(0 < each < 2**53 for each in first)
    assert ids(wanted(board("First token", "Time to first token"))["widgets"]) == first
    assert not {*ids(wanted(board(), Owner("shop", "staging"))["widgets"])} & {*first}
    renamed = ids(wanted(board("key: ttft", "key: first-token"))["widgets"])
    assert [one == other for one, other in zip(renamed, first, strict=True)] == [True, True, False, True]


def test_a_row_is_headed_by_links_to_its_runbook_and_monitors(board, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DD_SITE", "datadoghq.eu")
    monkeypatch.delenv("DDLLM_API_URL", raising=False)
    head, ttft = wanted(board())["widgets"][0]["definition"]["widgets"]
    assert ttft["definition"]["title"] == "First token"
    assert head["definition"]["content"] == (
        "**Latency: where does the time go?**\n\n"
        "Runbook: [slow-start](https://app.datadoghq.eu/notebook/7)\n\n"
        "Monitors: [slow](https://app.datadoghq.eu/monitors/manage?q=tag%3A%28%22ddllm%3Ashop%2Fprod%2Fslow%22%20OR%20ddllm%3Ashop%2Fprod%2Fslow%2F%2A%29)"
        " · [slow-by-model](https://app.datadoghq.eu/monitors/manage?q=tag%3A%28%22ddllm%3Ashop%2Fprod%2Fslow-by-model%22%20OR%20ddllm%3Ashop%2Fprod%2Fslow-by-model%2F%2A%29)"
    )


def test_a_runbook_that_is_not_there_leads_to_the_list(board):
    assert Reference("runbooks", "slow-start") in board().references
    stand_in = resources()["runbooks"].stand_in
    body = fill(RESOURCE.wanted(board(), OWNER), {Reference("runbooks", "slow-start"): stand_in})
    assert "/notebook/list)" in body["widgets"][0]["definition"]["widgets"][0]["definition"]["content"]


def test_tabs_name_widgets_by_key_or_place_and_are_sent_with_ids(board):
    [tab] = wanted(board())["tabs"]
    latency, words = wanted(board())["widgets"]
    assert tab["widget_ids"] == [latency["id"], words["id"]]
    assert tab["id"] == wanted(board("title: Health", "title: Other"))["tabs"][0]["id"]


# -- what comes back


def test_what_was_created_needs_no_second_sync(datadog: Datadog, board):
    created(datadog, board())
    assert compared(datadog, board()).cause is None


def test_an_edit_in_the_ui_is_drift_and_named_by_the_widget(api: DatadogApi, datadog: Datadog, board):
    remote = created(datadog, board())
    words = {**remote.body["widgets"][1], "definition": {"type": "note", "content": "Other words"}}
    api.dashboards.edit(str(remote.id), widgets=[remote.body["widgets"][0], words])
    found = compared(datadog, board())
    assert found.cause is Cause.DRIFT
    assert [(each.path, each.old, each.new) for each in found.changes] == [
        (("widgets", str(words["id"]), "definition", "content"), "Other words", "Words")
    ]


def test_a_changed_file_is_a_config_change_and_with_an_edit_a_conflict(api: DatadogApi, datadog: Datadog, board):
    remote = created(datadog, board())
    assert compared(datadog, board("title: Health", "title: Other")).cause is Cause.CHANGE
    api.dashboards.edit(str(remote.id), title="Mine")
    assert compared(datadog, board("title: Health", "title: Other")).cause is Cause.CONFLICT


def test_an_update_restores_and_keeps_the_ids_of_widgets(api: DatadogApi, datadog: Datadog, board):
    remote = created(datadog, board())
    api.dashboards.edit(str(remote.id), widgets=[], title="Mine")
    after = updated(datadog, board())
    assert ids(after.body["widgets"]) == ids(remote.body["widgets"])
    assert (after.id, compared(datadog, board()).cause) == (remote.id, None)


def test_what_datadog_knows_and_we_do_not_survives_an_update(board):
    with DatadogApi() as api, client(api) as datadog:  # the description does not know the field
        remote = created(datadog, board())
        api.dashboards.edit(str(remote.id), invented={"by": "a newer Datadog"}, restricted_roles=["r"])
        assert compared(datadog, board()).cause is None
        after = updated(datadog, board("title: Health", "title: Other"))
    assert (after.body["title"], after.body["invented"], after.body["restricted_roles"]) == (
        "Other",
        {"by": "a newer Datadog"},
        ["r"],
    )


def test_what_a_file_no_longer_says_is_cleared(datadog: Datadog, board):
    created(datadog, board())
    after = updated(datadog, board("  notify_list: [b@example.com, a@example.com]\n", ""))
    assert after.body["notify_list"] is None
    assert compared(datadog, board("  notify_list: [b@example.com, a@example.com]\n", "")).cause is None


def test_what_the_editor_writes_by_itself_is_no_difference(api: DatadogApi, datadog: Datadog, board):
    remote = created(datadog, board())
    group, words = remote.body["widgets"]
    head, chart = group["definition"]["widgets"]
    axis = {"include_zero": True, "label": "", "scale": "linear", "min": "auto", "max": "auto"}
    style = {"palette": "dog_classic", "line_type": "solid", "line_width": "normal"}
    saved = chart["definition"] | {
        "title_size": "16",
        "title_align": "left",
        "time": {},
        "legend_size": "0",
        "yaxis": axis,
    }
    saved["requests"] = [{**request, "style": style} for request in saved["requests"]]
    group = {**group, "definition": {**group["definition"], "widgets": [head, {**chart, "definition": saved}]}}
    note = {**words, "definition": {**words["definition"], "background_color": "white", "has_padding": True}}
    api.dashboards.edit(str(remote.id), widgets=[group, note], reflow_type="auto")
    assert compared(datadog, board()).cause is None


# -- whose it is


def test_only_the_owners_dashboards_are_read(api: DatadogApi, datadog: Datadog, board):
    for owner in (Owner("shop", "staging"), Owner("other", "prod")):
        created(datadog, board(), owner)
    datadog.post("/api/v1/dashboard", {"title": "By hand", "layout_type": "ordered", "widgets": []})
    mine = created(datadog, board())
    api.requests.clear()
    assert [each.id for each in RESOURCE.listing(datadog, OWNER)] == [mine.id]
    assert [each.path for each in api.requests] == ["/api/v1/dashboard"] * 2 + [f"/api/v1/dashboard/{mine.id}"]
    assert list(RESOURCE.find(datadog, OWNER, "other")) == []
    assert [each.id for each in RESOURCE.find(datadog, OWNER, "health")] == [mine.id]


def test_twins_are_both_found_and_the_older_one_is_known(datadog: Datadog, board):
    first, second = created(datadog, board()), created(datadog, board())
    assert {each.id for each in RESOURCE.find(datadog, OWNER, "health")} == {first.id, second.id}
    assert first.created < second.created


def test_a_dashboard_that_is_gone_reads_as_none_and_another_failure_does_not(api: DatadogApi, datadog: Datadog, board):
    remote = created(datadog, board())
    RESOURCE.delete(datadog, remote)
    RESOURCE.delete(datadog, remote)
    assert RESOURCE.read(datadog, OWNER, remote.id) is None
    api.dials.fail(503, times=9)
    with pytest.raises(ApiError):
        RESOURCE.read(datadog, OWNER, remote.id)


def test_a_layout_cannot_be_changed(board):
    reason = RESOURCE.refusal({"layout_type": "free"}, wanted(board()))
    assert reason == "Datadog cannot turn the layout `free` into `ordered`; give the dashboard another key"


# -- import


@pytest.mark.parametrize(
    ("text", "identifier"),
    [
        ("https://app.datadoghq.com/dashboard/abc-def-ghi/llm-health?from_ts=1", "abc-def-ghi"),
        ("https://app.datadoghq.com/dashboard/abc-def-ghi", "abc-def-ghi"),
        ("abc-def-ghi", "abc-def-ghi"),
        ("https://app.datadoghq.com/monitors/123", None),
        ("https://app.datadoghq.com/dashboard/lists", None),
    ],
)
def test_an_address_or_an_id_names_a_dashboard(text: str, identifier: str | None):
    assert RESOURCE.identifier(text) == identifier


def test_an_exported_dashboard_is_a_definition_without_what_nobody_wrote(datadog: Datadog):
    chart = {
        "type": "timeseries",
        "title": "Calls, by model!",
        "show_legend": True,
        "legend_layout": "auto",
        "time": {},
        "title_size": "16",
        "requests": [{"q": "sum:a{*}", "style": {"palette": "dog_classic", "line_type": "dashed"}}],
    }
    group = {"type": "group", "layout_type": "ordered", "title": "Row", "widgets": [{"definition": chart}]}
    body = datadog.post(
        "/api/v1/dashboard",
        {
            "title": "By hand",
            "description": "Mine.\n\nManaged as code by ddllm: ddllm:other/prod/x ddllm_applied:1-0000000000000000",
            "layout_type": "ordered",
            "template_variables": [{"name": "env", "default": "prod"}],
            "widgets": [{"definition": group}, {"definition": chart}, {"definition": {"type": "note", "content": "x"}}],
        },
    )
    plain = {
        "type": "timeseries",
        "title": "Calls, by model!",
        "requests": [{"q": "sum:a{*}", "style": {"line_type": "dashed"}}],
    }
    assert RESOURCE.exported(body) == {
        "title": "By hand",
        "description": "Mine.",
        "layout_type": "ordered",
        "template_variables": [{"name": "env", "defaults": ["prod"]}],
        "widgets": [
            {
                "key": "row",
                "definition": {
                    "type": "group",
                    "layout_type": "ordered",
                    "title": "Row",
                    "widgets": [{"key": "calls-by-model", "definition": plain}],
                },
            },
            {"key": "calls-by-model-2", "definition": plain},
            {"key": "note", "definition": {"type": "note", "content": "x"}},
        ],
    }
    assert RESOURCE.marks(body) == ["ddllm:other/prod/x", "ddllm_applied:1-0000000000000000"]


# -- recordings

RECORDED = r"/api/v1/dashboard(/[a-z0-9]{3}-|\Z)"


def test_a_second_sync_of_every_recorded_dashboard_changes_nothing():
    found = [
        each
        for session in sessions(RECORDED)
        for each in second_sync(NORMALISER, list(without_minted_ids(session)), boards)
    ]
    assert unexplained(found, {}) == []


def test_every_recorded_dashboard_can_be_a_definition(api: DatadogApi, datadog: Datadog):
    sent = [
        exchange["sent"]
        for session in sessions(RECORDED)
        for exchange in session
        if (exchange["method"], exchange["status"]) == ("POST", 200)
    ]
    assert len(sent) > 100
    for number, body in enumerate(sent):
        key = f"board-{number}"
        board = DashboardDefinition(
            kind="dashboards",
            key=key,
            body={**body, "widgets": with_keys(body["widgets"], "w")},
            source=Source(parse("", "d.yaml"), (key,)),
            rows=(),
        )
        remote = created(datadog, board)
        held = RESOURCE.read(datadog, OWNER, remote.id)
        assert held is not None
        assert compare(NORMALISER, wanted(board), held.body, held.applied).cause is None


def test_every_recorded_dashboard_can_be_imported_and_needs_no_second_sync(
    api: DatadogApi, datadog: Datadog, tmp_path: Path
):
    (tmp_path / "settings.yaml").write_text(SETTINGS)
    settings = load_settings(tmp_path / "settings.yaml", None)
    for number, exchange in enumerate(each for session in sessions(RECORDED) for each in session):
        if (exchange["method"], exchange["status"]) != ("POST", 200):
            continue
        held = datadog.post("/api/v1/dashboard", exchange["sent"])
        text = yaml.safe_dump({f"board-{number}": RESOURCE.exported(held)}, sort_keys=False).replace("${", "$${")
        [board] = read(parse(text, "d.yaml"), settings)
        body = NORMALISER.completed(RESOURCE.wanted(board, OWNER), held, frozenset())
        written = datadog.put(f"/api/v1/dashboard/{held['id']}", body)
        assert compare(NORMALISER, RESOURCE.wanted(board, OWNER), written, None).changes == ()
        assert without_ids(written["widgets"]) == without_ids(held["widgets"])


def without_ids(widgets: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Return what widgets mean, in their order."""
    found = [{**each, "definition": plain(each["definition"])} for each in only(widgets, set())]
    for each in found:
        if each["definition"]["type"] == "timeseries" and "legend_layout" not in each["definition"]:
            each["definition"].pop("show_legend", None)
        if "widgets" in each["definition"]:
            each["definition"]["widgets"] = without_ids(each["definition"]["widgets"])
    return NORMALISER.canonical({"anything": found}, frozenset({("anything",)}))["anything"] if found else []


def boards(answer: Any) -> list[Mapping[str, Any]]:
    return [answer] if "widgets" in answer else []


def with_keys(widgets: Sequence[Mapping[str, Any]], name: str) -> list[dict[str, Any]]:
    found = [{**each, "key": f"{name}-{number}"} for number, each in enumerate(widgets)]
    for each in found:
        if "widgets" in each["definition"]:
            inside = with_keys(each["definition"]["widgets"], each["key"])
            each["definition"] = {**each["definition"], "widgets": inside}
    return found


def without_minted_ids(session: Session) -> Iterator[Exchange]:
    """Yield a session in which only widgets have ids that were sent with one: ours always are, and Datadog keeps them."""
    known = {number for each in session if each["sent"] for number in sent_ids(each["sent"].get("widgets", []))}
    for exchange in session:
        answer = exchange["answer"]
        if isinstance(answer, dict) and "widgets" in answer:
            yield {**exchange, "answer": {**answer, "widgets": only(answer["widgets"], known)}}
        else:
            yield exchange


def sent_ids(widgets: Sequence[Mapping[str, Any]]) -> Iterator[int]:
    for each in widgets:
        yield from [each["id"]] if "id" in each else []
        yield from sent_ids(each["definition"].get("widgets", []))


def only(widgets: Sequence[Mapping[str, Any]], known: set[int]) -> list[dict[str, Any]]:
    found = [{name: item for name, item in each.items() if name != "id" or item in known} for each in widgets]
    for each in found:
        if "widgets" in each["definition"]:
            each["definition"] = {**each["definition"], "widgets": only(each["definition"]["widgets"], known)}
    return found
