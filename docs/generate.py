"""Writes the generated blocks of README.md and docs/*.md from the code, so that no page can disagree with it.

    python -m docs.generate            rewrite the pages (`make docs`)
    python -m docs.generate --check    exit 1 and name the pages that are not up to date (`make lint`)

A block stands between `<!-- generated: NAME -->` and `<!-- /generated -->`; `BLOCKS` says who writes which. What a
measurement writes stands between `<!-- measured: NAME -->` and `<!-- /measured -->` and is left alone here: numbers are not
derived from code. `replace` serves both.
"""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path

import click

from ddllm import catalog, settings
from ddllm.api import connection
from ddllm.cli import cli
from ddllm.definitions.definition import Definition
from ddllm.definitions.library import library_folder
from ddllm.definitions.monitors import MonitorDefinition
from ddllm.definitions.project import load_project
from ddllm.definitions.settings import SEVERITIES
from ddllm.definitions.variables import references
from ddllm.instrument.providers.bedrock import families as bedrock_families
from ddllm.instrument.providers.bedrock import finish
from ddllm.lint.rules import Rule, rules
from ddllm.sandbox.bedrock.dials import Dials

ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))

_BLOCK = re.compile(r"(<!-- (generated|measured): ([a-z-]+) -->\n)(.*?)(<!-- /\2 -->)", re.DOTALL)
_HELP_WIDTH = 100


def replace(page: str, bodies: Mapping[str, str], kind: str = "generated") -> str:
    """Put each body into the block of its name and of `kind`; a KeyError names a block that nobody writes."""

    def block(match: re.Match[str]) -> str:
        begin, its_kind, name, _, end = match.groups()
        if its_kind != kind:
            return match[0]
        return f"{begin}\n{bodies[name]}\n\n{end}"

    return _BLOCK.sub(block, page)


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Render a Markdown table."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def metrics() -> str:
    """Render every metric of the catalogue."""
    return table(
        ("metric", "type", "unit", "tags", "percentiles", "meaning"),
        (
            (
                f"`{metric}`",
                metric.kind,
                _unit(metric),
                _tags(metric.tags),
                "yes" if metric.percentiles else "",
                metric.description,
            )
            for metric in catalog.METRICS
        ),
    )


def _unit(metric: catalog.Metric) -> str:
    return f"{metric.unit}/{metric.per_unit}" if metric.per_unit else metric.unit or ""


def _tags(tags: Sequence[str]) -> str:
    carries_model = set(catalog.MODEL_TAGS) <= set(tags)
    own = [f"`{tag}`" for tag in tags if not (carries_model and tag in catalog.MODEL_TAGS)]
    return ", ".join((["*model*"] if carries_model else []) + own)


def tags() -> str:
    """Render every tag of the catalogue."""
    return table(("tag", "meaning"), ((f"`{tag}`", meaning) for tag, meaning in catalog.TAG_DESCRIPTIONS.items()))


def variables() -> str:
    """Render every environment variable that the application's process reads."""
    return _variables(settings.VARIABLES)


def command_variables() -> str:
    """Render every environment variable that commands read beside those."""
    return _variables(connection.VARIABLES)


def _variables(rows: Iterable[settings.Variable]) -> str:
    return table(
        ("variable", "default", "meaning"),
        ((f"`{variable.name}`", variable.default, variable.description) for variable in rows),
    )


def commands() -> str:
    """Render what `--help` prints, for the program and each of its commands."""
    return "\n\n".join(f"## {path}\n\n```text\n{text}\n```" for path, text in _helps(cli, "ddllm", None))


def _helps(command: click.Command, name: str, parent: click.Context | None) -> Iterator[tuple[str, str]]:
    width = {"terminal_width": _HELP_WIDTH, "max_content_width": _HELP_WIDTH}
    context = click.Context(command, parent=parent, info_name=name, **{**command.context_settings, **width})
    yield context.command_path, command.get_help(context)
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            if found is not None and not found.hidden:
                yield from _helps(found, child, context)


def finish_reasons() -> str:
    """Render the catalogue's words for why an answer ended, each with Bedrock's words for it."""
    words: dict[str, list[str]] = {}
    for theirs, ours in sorted(finish.REASONS.items()):
        words.setdefault(ours, []).append(f"`{theirs}`")
    return table(
        ("`finish_reason`", "Bedrock and its models say"),
        ((f"`{ours}`", ", ".join(theirs)) for ours, theirs in sorted(words.items())),
    )


def families() -> str:
    """Render the families of models whose InvokeModel bodies are read."""
    return table(
        ("family", "model ids begin with"),
        (
            (family.name.replace("_", " "), ", ".join(f"`{start}`" for start in family.ids))
            for family in bedrock_families.KNOWN
        ),
    )


def dials() -> str:
    """Render the dials of the simulated models."""
    return table(
        ("dial", "default", "meaning"),
        (
            (f"`{dial.name}`", f"`{dial.default}`", _one_of(dial.metadata["description"], dial.metadata.get("choices")))
            for dial in fields(Dials)
        ),
    )


def monitors() -> str:
    """Render the shipped monitors that notify somebody, the parts of composites in the words of their names."""
    found = {each.key: each for each in load_project(library_folder()).of("monitors")}
    rows = {each.key.partition("/")[0]: each for each in found.values() if isinstance(each, MonitorDefinition)}
    return table(
        ("monitor", "severity", "fires when", "what it means", "runbook"),
        (
            (
                f"`{key}`",
                str(monitor.severity),
                _condition(monitor, found),
                _meaning(monitor.meaning),
                f"`{monitor.runbook}`" if monitor.runbook else "",
            )
            for key, monitor in sorted(
                rows.items(), key=lambda row: (SEVERITIES.index(row[1].severity or "none"), row[0])
            )
            if monitor.severity != "none"
        ),
    )


def _condition(monitor: MonitorDefinition, found: Mapping[str, Definition]) -> str:
    query = str(monitor.body["query"])
    if monitor.body["type"] != "composite":
        return f"`{query}`"
    names = {part.key: found[part.key].body["name"].partition(": ") for part in references(monitor.body["query"])}
    [subject] = {name[0].removeprefix("LLM ") for name in names.values()}
    words = re.sub(r"\$\{monitor:([^}]+)\}", lambda match: names[match[1]][2], query)
    return f"{subject}: {words}".replace(" && ", " *and* ").replace(" || ", " *or* ")


def _meaning(message: str) -> str:
    first = message.partition("\n\n")[0].replace("\n", " ").strip()
    return re.sub(r"\{\{(\w+)\.name\}\}", r"*\1*", first)


def lint_rules() -> str:
    """Render every rule of the linter in a table, and then each with its reason and two examples."""
    index = table(
        ("rule", "severity", "finds"),
        ((f"[{rule.code}](#{rule.code.replace('/', '')})", _severity(rule), rule.summary) for rule in rules()),
    )
    return "\n\n".join((index, *map(_rule, rules())))


def _rule(rule: Rule) -> str:
    why = rule.why.partition("\n")[2].strip()
    bad, good = (_example(text) for text in (rule.bad, rule.good))
    said = (f"### {rule.code}", f"*{_severity(rule)}* · {rule.summary}", why, "Bad:", bad, "Good:", good)
    return "\n\n".join(filter(None, said))


def _severity(rule: Rule) -> str:
    return f"{rule.severity}, live" if rule.is_live else str(rule.severity)


def _example(text: str) -> str:
    language = "yaml" if "\n" in text or text.startswith("query:") else "text"
    return f"```{language}\n{text}\n```"


def monitor_variables() -> str:
    """Render the numbers of the shipped monitors as their file has them, each with its reason."""
    text = (library_folder() / "monitors" / "settings.yaml").read_text("utf-8")
    start, end = text.index("variables:\n"), text.index("\nenvs:")
    return f"```yaml\n{text[start:end].rstrip()}\n```"


def _one_of(description: str, choices: Sequence[str] | None) -> str:
    return f"{description} One of {', '.join(f'`{choice}`' for choice in choices)}." if choices else description


BLOCKS: Mapping[str, Callable[[], str]] = {
    "metrics": metrics,
    "tags": tags,
    "variables": variables,
    "command-variables": command_variables,
    "commands": commands,
    "families": families,
    "finish-reasons": finish_reasons,
    "dials": dials,
    "lint-rules": lint_rules,
    "monitors": monitors,
    "monitor-variables": monitor_variables,
}


def stale(pages: Iterable[Path] = PAGES) -> dict[Path, str]:
    """Find the pages that differ from what the code says now, with what they should hold."""
    bodies = {name: make() for name, make in BLOCKS.items()}
    wanted = {page: replace(page.read_text("utf-8"), bodies) for page in pages}
    return {page: text for page, text in wanted.items() if text != page.read_text("utf-8")}


def main(arguments: Sequence[str]) -> int:
    """Rewrite, or with `--check` compare. The exit code."""
    outdated = stale()
    if "--check" in arguments:
        for page in outdated:
            print(f"{page.relative_to(ROOT)}: a generated block is not up to date; run `make docs`", file=sys.stderr)
        return 1 if outdated else 0
    for page, text in outdated.items():
        page.write_text(text, "utf-8")
        print(f"{page.relative_to(ROOT)}: rewritten")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
