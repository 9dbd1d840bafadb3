import json
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import PackageNotFoundError

import pytest
from genai_prices.data import providers
from hypothesis import given, settings
from hypothesis import strategies as st

from ddllm.pricing import table
from ddllm.pricing.tariff import Entry, catalogued

MADE = json.loads(table.PATH.read_text("utf-8"))
ROWS = [table.Row(*row) for row in MADE["models"]]
NOW = datetime(2026, 8, 30, 12, tzinfo=UTC)
IDS = [model.id for provider in providers if provider.id == "aws" for model in provider.models]

same_version = pytest.mark.skipif(
    table.version(table.LIBRARY) != MADE["version"], reason="the table is of another version of genai-prices"
)


def literals(match):
    kind, what = match
    return [text for one in what for text in literals(one)] if kind == "or" else [what]


LITERALS = sorted({text for row in ROWS for text in literals(row.match)})


@same_version
def test_the_table_is_what_the_installed_library_says():
    from ddllm.pricing import make_table

    assert make_table.text() == table.PATH.read_text("utf-8"), "run: python -m ddllm.pricing.make_table"


@same_version
@pytest.mark.parametrize("prefix", ["", "us.", "eu.", "global.", "regional."])
@pytest.mark.parametrize("tier", [None, "flex"])
def test_every_id_finds_what_the_library_finds(prefix, tier):
    for name in (*IDS, *LITERALS):
        ref = prefix + name.removeprefix("regional.").removeprefix("global.")
        assert table.find(ROWS, ref, tier, NOW) == catalogued("aws", ref, tier, NOW)


@same_version
@given(
    st.lists(
        st.sampled_from([*LITERALS, "us.", "global.", "-v1:0", ":0", "-20260131", "-2026-01-31", "X", "é"]), max_size=4
    ),
    st.datetimes(timezones=st.just(UTC)),
)
@settings(max_examples=300, deadline=None)
def test_whatever_is_asked_for_is_answered_as_by_the_library(parts, now):
    ref = "".join(parts)
    assert table.find(ROWS, ref, None, now) == catalogued("aws", ref, None, now)


def test_a_price_holds_from_the_beginning_of_its_day():
    day = date(2026, 8, 21)
    row = table.Row(
        ("equals", "m"), "m", 9, ((day.isoformat(), [[-1, 2, 2, 2, 2, None, 0]]), ("", [[-1, 1, 1, 1, 1, None, 0]]))
    )
    midnight = datetime(2026, 8, 21, tzinfo=UTC)
    before, after = (
        table.find([row], "M", None, now) or Entry() for now in (midnight - timedelta(seconds=1), midnight)
    )
    assert (before.rates[0].input, after.rates[0].input) == (1, 2)


@pytest.fixture
def alone(monkeypatch):
    """Let the application not have loaded the library."""
    monkeypatch.delitem(sys.modules, "genai_prices")
    table._read.cache_clear()
    yield
    table._read.cache_clear()


def test_the_table_holds_for_the_version_that_it_was_made_of(alone, monkeypatch):
    monkeypatch.setattr(table, "version", lambda _: MADE["version"])
    assert table.usable() == tuple(ROWS)


def test_the_library_is_asked_where_another_version_is_installed(alone, monkeypatch):
    monkeypatch.setattr(table, "version", lambda _: "9999.1")
    assert table.usable() is None


def test_the_library_is_asked_where_nobody_knows_its_version(alone, monkeypatch):
    def version(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(table, "version", version)
    assert table.usable() is None


def test_the_library_is_asked_where_the_application_has_loaded_it():
    assert table.usable() is None


@same_version
def test_a_price_of_bedrock_loads_no_library_that_is_heavy():
    code = (
        "import sys; from ddllm import pricing;"
        "assert pricing.cost('aws.bedrock', 'us.amazon.nova-lite-v1:0', pricing.Usage(9, 9)).usd > 0;"
        "print(sorted({'genai_prices', 'pydantic', 'httpx2'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
