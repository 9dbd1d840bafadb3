"""The DogStatsD line format: every field, every kind of wrong line, and no bytes that stop the parser."""

from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ddllm.sandbox.dogstatsd import KINDS, Context, Event, Malformed, Sample, ServiceCheck, number, parse


def sample(line: bytes) -> Sample:
    parsed = parse(line)
    assert isinstance(parsed, Sample)
    return parsed


@pytest.mark.parametrize(
    ("symbol", "kind"), [("c", "count"), ("g", "gauge"), ("d", "distribution"), ("h", "histogram"), ("ms", "histogram")]
)
def test_each_kind_of_number(symbol: str, kind: str):
    assert sample(f"page.views:1.5|{symbol}".encode()) == Sample(Context("page.views", kind), (1.5,))


def test_a_set_has_a_text():
    assert sample(b"users:ann:1|s|#env:prod") == Sample(Context("users", "set", ("env:prod",)), text="ann:1")


def test_tags_are_sorted_and_without_duplicates():
    assert sample(b"a:1|c|#env:prod,b,a:2,env:prod,").context.tags == ("a:2", "b", "env:prod")


def test_names_and_tags_are_kept_as_they_are_written():
    context = sample("T.Upper-Case Name:1|c|#Model:GPT-4o Mini,stadt:Köln".encode()).context
    assert context == Context("T.Upper-Case Name", "count", ("Model:GPT-4o Mini", "stadt:Köln"))


def test_tags_about_the_sender_are_left_out_as_the_agent_does():
    assert sample(b"a:1|c|#dd.internal.entity_id:x,dd.internal.card:low,env:prod").context.tags == ("env:prod",)


def test_a_context_knows_the_values_of_a_tag():
    context = Context("m", "count", ("env:prod", "model:a:b", "model:c", "plain"))
    assert context.values_of("model") == ("a:b", "c")
    assert context.values_of("plain") == ("",)
    assert context.values_of("mod") == ()


def test_packed_values_and_empty_ones_between_them():
    assert sample(b"a:1:2.5::-3e-2:|d").values == (1.0, 2.5, -0.03)


def test_a_sample_rate_is_a_weight():
    assert sample(b"a:1|c|@0.25").weight == 4.0
    assert sample(b"a:1|d|@1").weight == 1.0


def test_a_timestamp():
    assert sample(b"a:1|g|T1656581400").timestamp == 1656581400
    assert sample(b"a:1|g").timestamp is None


def test_fields_of_containers_and_of_the_future_are_accepted_in_any_order():
    line = b"a:1|d|c:ci-abc,in-7|T5|e:it-false,pu-1|#x:y|card:low|zz:new|@0.5"
    assert sample(line) == Sample(Context("a", "distribution", ("x:y",)), (1.0,), weight=2.0, timestamp=5)


def test_an_event():
    assert parse("_e{5,6}:Tüte|a\\nbcd|#env:prod|t:error".encode()) == Event("Tüte", "a\nbcd")
    assert parse(b"_e{1,0}:t|") == Event("t", "")


def test_a_service_check():
    assert parse(b"_sc|db.up|2|d:1|m:gone") == ServiceCheck("db.up", 2)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"gibberish", "format"),
        (b"a:1", "format"),
        (b"a|c", "format"),
        (b"|", "format"),
        (b":1|c", "name"),
        (b"a:|c", "value"),
        (b"a::|c", "value"),
        (b"a:|s", "value"),
        (b"a:one|c", "value"),
        (b"a:1:x|d", "value"),
        (b"a:nan|g", "value"),
        (b"a:inf|g", "value"),
        (b"a:1e999|g", "value"),
        (b"a:1_000|g", "value"),
        (b"a: 1|g", "value"),
        (b"a:-|g", "value"),
        (b"a:1|", "type"),
        (b"a:1|x", "type"),
        (b"a:1|C", "type"),
        (b"a:1|c|@", "sample_rate"),
        (b"a:1|c|@0", "sample_rate"),
        (b"a:1|c|@-1", "sample_rate"),
        (b"a:1|c|@2", "sample_rate"),
        (b"a:1|c|@1e-300", "sample_rate"),
        (b"a:1|c|@half", "sample_rate"),
        (b"a:1|c|T", "timestamp"),
        (b"a:1|c|T0", "timestamp"),
        (b"a:1|c|T-5", "timestamp"),
        (b"a:1|c|T1.5", "timestamp"),
        (b"a:1|c|T9999999999999", "timestamp"),
        (b"\xff:1|c", "encoding"),
        (b"a:1|c|#\xff", "encoding"),
        (b"a:\xff|s", "encoding"),
        (b"_e{", "event"),
        (b"_e{1}:t|", "event"),
        (b"_e{0,0}:|", "event"),
        (b"_e{5,4}:title|te", "event"),
        (b"_e{5,4}:title_text", "event"),
        (b"_e{5,-4}:title|text", "event"),
        (b"_e{99999999999,1}:t|x", "event"),
        (b"_sc|name", "service_check"),
        (b"_sc||0", "service_check"),
        (b"_sc|name|4", "service_check"),
        (b"_scx|name|0", "service_check"),
    ],
)
def test_a_wrong_line_names_what_is_wrong_with_it(line: bytes, reason: str):
    with pytest.raises(Malformed) as caught:
        parse(line)
    assert caught.value.reason == reason
    assert repr(line)[2:-1] in str(caught.value)


@given(st.binary(max_size=80))
@example(b"_e{1,1}:a|\xff")
@example(b"_sc|\xff|0")
def test_no_bytes_stop_the_parser(line: bytes):
    with suppress(Malformed):
        assert isinstance(parse(line), Sample | Event | ServiceCheck)


@given(st.text("ab:|#@T,0123456789.-e_s{}", max_size=60))
def test_no_line_of_the_formats_own_characters_stops_the_parser(line: str):
    with suppress(Malformed):
        assert isinstance(parse(line.encode()), Sample | Event | ServiceCheck)


names = st.text("abcdefgh._-XYZ ü", min_size=1, max_size=20).filter(lambda text: not text.startswith("_"))
tag_lists = st.lists(st.text("abcdef:._-/ ü", min_size=1, max_size=12), max_size=6)
numbers = st.floats(allow_nan=False, allow_infinity=False)


@given(
    names,
    st.lists(numbers, min_size=1, max_size=4),
    st.sampled_from([symbol for symbol in KINDS if symbol != b"s"]),
    tag_lists,
    st.none() | st.floats(min_value=0.001, max_value=1),
    st.none() | st.integers(min_value=1, max_value=10**11),
)
def test_what_was_written_is_read(name, values, symbol, tags, rate, timestamp):
    line = f"{name}:{':'.join(map(repr, values))}|{symbol.decode()}"
    line += f"|@{rate!r}" if rate is not None else ""
    line += f"|#{','.join(tags)}" if tags else ""
    line += f"|T{timestamp}" if timestamp is not None else ""
    weight = 1.0 if rate is None else 1 / rate
    context = Context(name, KINDS[symbol], tuple(sorted(set(tags))))
    assert parse(line.encode()) == Sample(context, tuple(values), weight=weight, timestamp=timestamp)


@given(numbers)
def test_every_float_that_python_writes_is_a_number(value: float):
    assert number(repr(value).encode()) == value
