"""Plain tables, as several commands print them: what does not fit a terminal goes, column by column, and never a digit."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table as Drawn
from rich.text import Text

_GAP = 2
_ELLIPSIS = "…"
#: What a name is cut to, and lines are wrapped at, before a column goes for want of space.
_LEAST = 20
#: What a name keeps where even that is too much: a terminal as narrow as that breaks the lines itself.
_SHORTEST = 4


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `name` is shortened in its middle, `text` wrapped; `number` and `picture` are whole or not there.

    Where the terminal is too narrow, the column with the lowest `goes` goes first; those without one stay. `least` is what
    names and texts are cut to before that.
    """

    header: str
    kind: Literal["name", "text", "number", "picture"] = "number"
    goes: int | None = None
    least: int = _LEAST

    @property
    def flexible(self) -> bool:
        """Whether it can be narrower than its cells."""
        return self.kind in {"name", "text"}


def name(header: str, least: int = _LEAST) -> Column:
    """Make a column of names."""
    return Column(header, "name", least=least)


class Table:
    """A table without lines that fits itself into the space that it is printed in."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = tuple(columns)
        self._rows: list[tuple[Text, ...]] = []

    def add_row(self, *cells: str | Text) -> None:
        """Add a row, with a cell for each column."""
        self._rows.append(tuple(Text(cell) if isinstance(cell, str) else cell for cell in cells))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw what fits."""
        widths = self._widths(options.max_width)
        drawn = Drawn(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="dim")
        for index, width in widths.items():
            column = self._columns[index]
            drawn.add_column(
                column.header,
                width=width,
                justify="right" if column.kind == "number" else "left",
                no_wrap=column.kind != "text",
                overflow="fold",
            )
        for row in self._rows:
            drawn.add_row(*(_cell(row[index], self._columns[index], width) for index, width in widths.items()))
        # Rich would cut digits off where even this is too wide.
        needed = max(options.max_width, _whole(widths.values()))
        yield from console.render(drawn, options.update(max_width=needed))

    def _widths(self, space: int) -> dict[int, int]:
        """Choose the columns, by their place, and how wide each is."""
        natural = {
            index: max((cell_len(column.header), *(row[index].cell_len for row in self._rows)))
            for index, column in enumerate(self._columns)
        }
        least = {
            index: min(width, self._columns[index].least) if self._columns[index].flexible else width
            for index, width in natural.items()
        }
        order = [(column.goes, index) for index, column in enumerate(self._columns) if column.goes is not None]
        for _, index in sorted(order):
            if _whole(least.values()) <= space:
                break
            del natural[index], least[index]
        # Texts wrap, so they give way before names do.
        for kinds in (("text",), ("name",)):
            there = [index for index in natural if self._columns[index].kind in kinds]
            left = space - _whole(natural.values()) + sum(natural[index] for index in there)
            natural |= _shared({index: natural[index] for index in there}, left, least)
        return natural


def _shared(wanted: dict[int, int], space: int, least: dict[int, int]) -> dict[int, int]:
    """Share space: the narrow get what they want, the wide the same each, and never less than the least while that fits."""
    given: dict[int, int] = {}
    for position, index in enumerate(sorted(wanted, key=wanted.__getitem__)):
        share = (space - sum(given.values())) // (len(wanted) - position)
        floor = min(least[index], _SHORTEST) if sum(least[each] for each in wanted) > space else least[index]
        given[index] = min(wanted[index], max(share, floor))
    return given


def _whole(widths: Iterable[int]) -> int:
    """Add up widths, and the gaps between."""
    widths = list(widths)
    return sum(widths) + _GAP * (len(widths) - 1)


def _cell(text: Text, column: Column, width: int) -> Text:
    if column.kind != "name" or text.cell_len <= width:
        return text
    return Text(shortened(text.plain, width), style=text.style)


def shortened(text: str, width: int) -> str:
    """Leave out the middle of a name that is wider than `width` cells: names often differ at their ends."""
    if cell_len(text) <= width:
        return text
    after = (width - 1) // 2
    head = set_cell_size(text, width - 1 - after)
    tail = set_cell_size(text[::-1], after)[::-1]
    return f"{head}{_ELLIPSIS}{tail}"


def quiet(text: str) -> Text:
    """Return a remark."""
    return Text(text, style="dim")


def more(number: int, top: int) -> list[Text]:
    """Say that rows were left out, if any were."""
    return [quiet(f"… and {number - top} more (--top {number} shows them)")] if number > top else []
