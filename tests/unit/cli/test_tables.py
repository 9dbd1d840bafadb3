"""Tables that fit themselves into a terminal."""

from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from ddllm.cli._tables import Column, Table, name, shortened


def drawn(width: int, *rows: tuple[str, ...]) -> list[str]:
    table = Table([name("name", 8), Column("money"), Column("more", goes=2), Column("", "picture", goes=1)])
    for row in rows:
        table.add_row(*row)
    stream = StringIO()
    Console(file=stream, width=width, color_system=None).print(table, crop=False)
    return [line.rstrip() for line in stream.getvalue().splitlines()]


ROW = ("a-rather-long-name", "$1,234.56", "100 %", "█████")


@pytest.mark.parametrize(
    ("width", "row"),
    [
        (100, "a-rather-long-name  $1,234.56  100 %  █████"),
        (40, "a-rathe…ng-name  $1,234.56  100 %  █████"),
        (36, "a-rat…-name  $1,234.56  100 %  █████"),
        (30, "a-rath…-name  $1,234.56  100 %"),
        (20, "a-ra…name  $1,234.56"),
    ],
)
def test_names_are_shortened_and_columns_go(width: int, row: str):
    assert drawn(width, ROW)[1] == row
    assert cell_len(row) <= width


def test_money_is_whole_where_nothing_fits():
    assert drawn(6, ROW)[1] == "a-…e  $1,234.56"


@given(st.text(st.characters(codec="utf-8", exclude_categories=("C", "M")), min_size=1), st.integers(4, 40))
def test_a_name_keeps_its_ends(text: str, width: int):
    short = shortened(text, width)
    assert cell_len(short) <= width
    assert short == text or "…" in short
    if all(cell_len(sign) == 1 for sign in text):
        assert (short[0], short[-1]) == (text[0], text[-1])
