"""The pages tell the truth: what they name exists, what exists is in them, links lead somewhere, examples work."""

import re
from pathlib import Path

import click
import pytest

import ddllm
from ddllm import catalog, settings
from ddllm.api import connection
from ddllm.cli import cli
from ddllm.definitions.project import load_project
from ddllm.instrument.report import spans
from docs import generate

ROOT = generate.ROOT
PAGES = [*generate.PAGES, ROOT / "CONTRIBUTING.md"]
GUIDES = [page for page in PAGES if page.name != "cli.md"]
COMMANDS = {path.removeprefix("ddllm ") for path, _ in generate._helps(cli, "ddllm", None) if path != "ddllm"}
OUR_VARIABLES = {variable.name for variable in (*settings.VARIABLES, *connection.VARIABLES)}
# Variables of Datadog's own that pages mention and that ddllm does not read.
DATADOGS = {
    "DD_TRACE_ENABLED",
    "DD_TRACE_BOTOCORE_ENABLED",
    "DD_DOGSTATSD_NON_LOCAL_TRAFFIC",
    "DD_UNLOAD_MODULES_FROM_SITECUSTOMIZE",
}
SPAN_TAGS = {spans.TTFT, spans.STATUS, spans.ATTEMPTS}
FILES = {"ddllm.yaml", "ddllm.pth", "ddllm.start", "ddllm.feature", "ddllm.auto"}  # `ddllm.feature` is the baggage item

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)


def mentioned(pattern, pages=PAGES):
    """Every match of the first group, with the page where it stands."""
    return {(match, page.name) for page in pages for match in re.findall(pattern, page.read_text("utf-8"))}


def anchors(page):
    titles = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_generated_blocks_are_what_the_code_says():
    assert [page.name for page in generate.stale()] == []


def test_each_generated_block_stands_on_a_page():
    assert {name for name, _ in mentioned(r"<!-- generated: ([a-z-]+) -->", generate.PAGES)} == set(generate.BLOCKS)


def test_each_block_is_closed():
    for page in PAGES:
        text = page.read_text("utf-8")
        for kind in ("generated", "measured"):
            assert text.count(f"<!-- {kind}: ") == text.count(f"<!-- /{kind} -->"), page


def test_a_stale_block_is_found_and_mended(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- generated: tags -->\nold\n<!-- /generated -->\nafter\n")
    (mended,) = generate.stale([page]).values()
    assert "`model_name`" in mended
    assert "old" not in mended
    assert (mended[:7], mended[-6:]) == ("before\n", "after\n")
    page.write_text(mended)
    assert generate.stale([page]) == {}


def test_a_block_that_nobody_writes_is_an_error(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("<!-- generated: wishes -->\n<!-- /generated -->\n")
    with pytest.raises(KeyError, match="wishes"):
        generate.stale([page])


def test_measured_numbers_are_left_alone(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("<!-- measured: per-call -->\n42\n<!-- /measured -->\n")
    assert generate.stale([page]) == {}


def test_check_names_the_page_and_fails(monkeypatch, tmp_path, capsys):
    page = tmp_path / "page.md"
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    monkeypatch.setattr(generate, "stale", lambda: {page: "new"})
    assert generate.main(["--check"]) == 1
    assert capsys.readouterr().err == "page.md: a generated block is not up to date; run `make docs`\n"
    assert generate.main([]) == 0
    assert page.read_text() == "new"


def test_a_table_does_not_break_on_a_bar():
    assert generate.table(["a", "b"], [["x|y", "z"]]) == "| a | b |\n| --- | --- |\n| x\\|y | z |"


@every_page
def test_links_lead_to_a_page_and_a_title(page):
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text("utf-8")):
        if re.match(r"https?://", target):
            continue
        path, _, anchor = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked), target


@every_page
def test_every_page_of_the_documentation_is_reached_from_its_index(page):
    if page.parent.name == "docs" and page.name != "README.md":
        assert f"({page.name})" in (ROOT / "docs" / "README.md").read_text("utf-8")


def test_metrics_that_pages_name_exist():
    known = set(catalog.BY_NAME) | SPAN_TAGS | FILES | {f"ddllm.{name}" for name in ddllm.__all__}
    for name, page in mentioned(r"`(ddllm\.[a-z_.]+[a-z_])(?![a-z_.*(])"):
        assert name in known or (ROOT / (name.replace(".", "/") + ".py")).exists(), (name, page)


def test_groups_of_metrics_that_pages_name_exist():
    for prefix, page in mentioned(r"`(ddllm\.[a-z_.]+\.)\*`"):
        assert any(name.startswith(prefix) for name in catalog.BY_NAME), (prefix, page)


def test_variables_that_pages_name_exist():
    for name, page in mentioned(r"\b(DD(?:LLM)?_[A-Z_]+[A-Z])\b"):
        assert name in OUR_VARIABLES | DATADOGS, (name, page)


def test_variables_that_the_code_reads_are_documented():
    sources = [path.read_text("utf-8") for path in (ROOT / "ddllm").rglob("*.py")]
    read = {name for text in sources for name in re.findall(r"\bDDLLM_[A-Z_]+[A-Z]\b", text)}
    assert read <= OUR_VARIABLES


def test_commands_that_pages_name_exist():
    lines = mentioned(r"(?m)(?:^\$ |`)ddllm ((?:-- |[a-z][a-z ]*)[a-z]+)", GUIDES)
    for line, page in lines:
        assert any(line == command or line.startswith(f"{command} ") for command in COMMANDS), (line, page)


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_has_help_and_a_place_in_a_guide(command):
    found = click.Context(cli)
    for name in command.split():
        found = click.Context(found.command.get_command(found, name), parent=found)
    assert found.command.help
    guides = "\n".join(page.read_text("utf-8") for page in GUIDES)
    assert re.search(rf"(?:`|^\$ )ddllm {command}\b", guides, re.MULTILINE)


def test_targets_of_make_that_pages_name_exist_and_are_all_named():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):.*##", makefile, re.MULTILINE))
    named = {name for name, _ in mentioned(r"(?m)(?:`|^\$ )make ([a-z-]+)")}
    assert named <= targets
    assert targets - {"help"} <= named | {"help"}


@pytest.mark.parametrize(
    "example",
    [text for page in ("configuration", "pricing") for text in blocks(ROOT / "docs" / f"{page}.md", "yaml")],
    ids=lambda text: text.split(":")[0],
)
def test_examples_of_the_configuration_file_can_be_read(tmp_path, example):
    path = tmp_path / "ddllm.yaml"
    path.write_text(example)
    assert settings.load_file(path) != settings.FileSettings()


def test_every_part_of_the_configuration_file_that_has_effect_has_an_example():
    examples = "\n".join(blocks(ROOT / "docs" / "configuration.md", "yaml"))
    for part in ("prices", "features", "caps", "metrics", "tags", "models", "aliases", "discounts"):
        assert re.search(rf"^ *{part}:", examples, re.MULTILINE)


@every_page
def test_python_examples_are_python(page):
    for example in blocks(page, "python"):
        compile(example, str(page), "exec")


def test_the_examples_of_definitions_are_some(tmp_path):
    *monitors, slo = blocks(ROOT / "docs" / "monitors.md", "yaml")
    (tmp_path / "monitors").mkdir()
    for name, text in (
        ("settings.yaml", (ROOT / "monitors" / "settings.yaml").read_text("utf-8")),
        ("example.yaml", "".join(monitors)),
        ("slos.yaml", slo),
    ):
        (tmp_path / "monitors" / name).write_text(text)
    assert [each.key for each in load_project(tmp_path, None).definitions] == [
        "slow-answers",
        "answers-in-time",
        "answers-in-time-burn-fast",
        "answers-in-time-burn-slow",
    ]


@pytest.mark.parametrize(
    ("severity", "called"),
    [("page", {"@pagerduty-llm-platform"}), ("ticket", {"@slack-acme-llm-alerts"}), ("info", set())],
)
def test_the_example_of_routing_calls_whom_it_says(tmp_path, severity, called):
    monitor = f"severity: {severity}, name: n, type: query alert, query: 'avg(last_5m):avg:a{{*}} > 2'"
    (tmp_path / "monitors").mkdir()
    for name, text in (
        ("settings.yaml", "project: shop"),
        ("routing.yaml", "".join(blocks(ROOT / "docs" / "monitors-as-code.md", "yaml"))),
        ("example.yaml", f"one: {{{monitor}}}"),
    ):
        (tmp_path / "monitors" / name).write_text(text)
    [found] = load_project(tmp_path, None).of("monitors")
    assert set(re.findall(r"\s(@[\w-]+)", found.body["message"])) == called


def test_paths_that_pages_name_exist():
    for path, page in mentioned(r"`((?:ddllm|tests|benchmarks|docs)/[\w/.-]+)`"):
        assert Path(ROOT, path).exists(), (path, page)
