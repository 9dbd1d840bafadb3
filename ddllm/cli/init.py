"""`ddllm init`: lays out a repository of monitors and dashboards that works as it is."""

from collections import Counter
from pathlib import Path

import click

from ddllm.definitions.layout import Ci, Laid, State, lay_out, project_of

_NEXT = (
    ("ddllm validate", "checks every file, offline"),
    ("ddllm plan", "shows what a sync would change; needs DD_API_KEY and DD_APP_KEY"),
    ("ddllm sync", "makes Datadog be as the files say"),
)


@click.command("init")
@click.argument("folder", metavar="[DIR]", type=click.Path(file_okay=False, path_type=Path), default=".")
@click.option(
    "--project",
    metavar="NAME",
    help="Part of the mark on every object: two repositories never share one. Default: the folder's name.",
)
@click.option("--team", metavar="NAME", help="The team whose the monitors are: a tag on each.")
@click.option("--ci", type=click.Choice(["github", "gitlab", "none"]), default="github", show_default=True)
def command(folder: Path, project: str | None, team: str | None, ci: Ci) -> None:
    """Lay out a repository of monitors, dashboards, SLOs and runbooks in DIR, the current folder by default.

    Writes the library that ships with ddllm, as files that are yours to change; an example of ddllm.yaml; the schemas from
    which editors complete and check them; a CI workflow that validates, tests, plans on pull requests, syncs the main branch and
    finds drift; a hook for pre-commit; lines for .gitignore; and a README. No file that exists is changed, but for
    .gitignore, which gets the lines that it lacks; those that differ are named. Needs no network and no keys.

    Exit code: 0 laid out, 1 an error.
    """
    laid = list(lay_out(folder, project=project or project_of(folder), team=team, ci=ci))
    for line in _told(laid):
        click.echo(line)
    click.echo("\nNext:")
    if folder.resolve() != Path.cwd():
        click.echo(f"  cd {folder}")
    for name, words in _NEXT:
        click.echo(f"  {name:<15} # {words}")


def _told(laid: list[Laid]) -> list[str]:
    """Return a line for each folder, with how many files were written there, and one for each file that was kept."""
    written = Counter(_group(each.path) for each in laid if each.state is State.WRITTEN)
    lines = [
        f"{State.WRITTEN}  {name}{f'  {_files(count)}' if name.endswith('/') else ''}"
        for name, count in written.items()
    ]
    lines += [f"{each.state}  {each.path}" for each in laid if each.state in {State.ADDED, State.KEPT}]
    same = sum(each.state is State.SAME for each in laid)
    return [*lines, *([f"{_files(same)} there already"] if same else [])]


def _files(count: int) -> str:
    return f"{count} file{'' if count == 1 else 's'}"


def _group(path: str) -> str:
    """Return the folder of files that come many at a time, else the file itself."""
    top = path.rpartition("/")[0]
    return f"{top}/" if path.startswith(("monitors/", "dashboards/", ".ddllm/")) else path
