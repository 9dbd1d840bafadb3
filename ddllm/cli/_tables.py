"""Plain tables, as several commands print them."""

from collections.abc import Iterable

from rich.table import Table
from rich.text import Text

#: Names are cut to this.
_NAME = 48


def table(texts: Iterable[str], numbers: Iterable[str], *after: str) -> Table:
    """Make a table without lines: columns of text, of numbers, and of text again."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name in texts:
        made.add_column(name, max_width=_NAME, overflow="fold")
    for name in numbers:
        made.add_column(name, justify="right", no_wrap=True)
    for name in after:
        made.add_column(name, no_wrap=True)
    return made


def quiet(text: str) -> Text:
    """Return a remark."""
    return Text(text, style="dim")


def more(number: int, top: int) -> list[Text]:
    """Say that rows were left out, if any were."""
    return [quiet(f"… and {number - top} more (--top {number} shows them)")] if number > top else []
