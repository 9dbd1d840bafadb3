"""Results survive whatever ends a run, and nobody else writes to them."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddllm.analysis.compare.results import Measured, Results, default_path, key_of, of_workload
from ddllm.definitions.workload import Check, Expected
from ddllm.errors import ConfigError
from tests.support.comparison import CLAUDE, META, measured, workload

ONE = measured(cost=0.002, reserved=0.01, charged=0.002, checks=(True, False), format_ok=True, answer="Tr\u00e8s\nbien")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "deep" / "down" / "r.jsonl"


def test_what_was_written_is_read_again(path):
    with Results(path) as results:
        results.begin(ONE.key, 0.01)
        results.finish(ONE)
    with Results(path) as again:
        assert again.finished == {ONE.key: ONE}
        assert again.spent == pytest.approx(0.002)


def test_a_call_that_began_and_did_not_end_was_perhaps_paid_for(path):
    with Results(path) as results:
        results.begin("lost", 0.5)
        results.begin("refused", 0.25)
        results.withdraw("refused", 0.25)
    with Results(path) as again:
        assert again.finished == {}
        assert again.spent == pytest.approx(0.5)


def test_the_last_of_two_holds_and_both_were_paid_for(path):
    failed = replace(ONE, status="error", error="ThrottlingException", cost=None, charged=0.0)
    with Results(path) as results:
        for each in (failed, ONE, replace(ONE, cost=0.003, charged=0.003)):
            results.begin(each.key, 0.01)
            results.finish(each)
    with Results(path) as again:
        assert again.finished[ONE.key].cost == 0.003
        assert again.spent == pytest.approx(0.005)


def test_fresh_begins_anew(path):
    with Results(path) as results:
        results.finish(ONE)
    with Results(path, fresh=True) as again:
        assert (again.finished, again.spent) == ({}, 0)
    assert path.read_bytes() == b""


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_file_cut_anywhere_holds_what_was_whole(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("cut") / "r.jsonl"
    calls = [measured(repetition=n, reserved=0.01, charged=0.001) for n in range(3)]
    with Results(path) as results:
        for call in calls:
            results.begin(call.key, 0.01)
            results.finish(call)
    whole = path.read_bytes()
    cut = data.draw(st.integers(0, len(whole)))
    path.write_bytes(whole[:cut])
    lines = [
        json.loads(line) for line in whole[:cut].decode().split("\n") if line.endswith("}}") or '"worst": 0.01}' in line
    ]
    with Results(path) as again:
        kept = {line["finished"]["key"] for line in lines if "finished" in line}
        assert set(again.finished) == kept
        begun = sum("begun" in line for line in lines)
        assert again.spent == pytest.approx(0.01 * (begun - len(kept)) + 0.001 * len(kept))
        again.finish(ONE)
    with Results(path) as last:
        assert set(last.finished) == kept | {ONE.key}


def test_a_line_that_is_none_is_named(path):
    path.parent.mkdir(parents=True)
    path.write_text('{"begun": "a", "worst": 1}\n{"other": 1}\n')
    said = r"r\.jsonl:2: this is no line of results. Remove that line, and the run goes on$"
    with pytest.raises(ConfigError, match=said), Results(path):
        pass
    path.write_text('{"begun": "a", "worst": 1}\n\n')
    with Results(path) as results:
        assert results.spent == 1


def test_several_lines_that_are_none_are_counted(path):
    path.parent.mkdir(parents=True)
    path.write_text('[\n{"begun": "a", "worst": 1}\n' + "[" * 100_000 + "\ntail")
    said = r"r\.jsonl:1: this is no line of results, nor are 2 more. Remove these lines, and the run goes on$"
    with pytest.raises(ConfigError, match=said), Results(path):
        pass


@pytest.mark.parametrize("fresh", [False, True])
@pytest.mark.parametrize(
    "data", [b"name: shop\nmodels: []\n", b"no line feed", b'{"a": 1}', b"{}\n", b"\xff\x00\n\n", b'{"begun": 7}\n']
)
def test_a_file_of_something_else_is_left_as_it_is(path, data, fresh):
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    with (
        pytest.raises(
            ConfigError, match=r"r\.jsonl: this is no file of results. Nothing in it was touched; name another"
        ),
        Results(path, fresh=fresh),
    ):
        pass
    assert path.read_bytes() == data


def test_fresh_leaves_results_with_anything_else_among_them(path):
    path.parent.mkdir(parents=True)
    path.write_text('{"begun": "a", "worst": 1}\nmy notes\n')
    with pytest.raises(ConfigError, match=r"r\.jsonl:2: this is no line of results"), Results(path, fresh=True):
        pass
    assert path.read_text() == '{"begun": "a", "worst": 1}\nmy notes\n'


def test_money_whose_spending_nobody_knows_is_told_by_call(path):
    lost = replace(ONE, key="lost answer", status="error", cost=None, charged=0.01)
    with Results(path) as results:
        for key in (ONE.key, lost.key, "killed", "refused"):
            results.begin(key, 0.01)
        results.begin(ONE.key, 0.01)  # repeated after a broken connection
        results.finish(replace(ONE, reserved=0.02, charged=0.012))
        results.finish(lost)
        results.withdraw("refused", 0.01)
        known = results.aside
    assert known == pytest.approx({ONE.key: 0.01, "lost answer": 0.01, "killed": 0.01})
    with Results(path) as again:
        assert again.aside == pytest.approx(known)
        assert again.spent == pytest.approx(0.032)


def test_fields_of_other_versions_are_left_alone(path):
    path.parent.mkdir(parents=True)
    line = {"key": "k", "prompt": "p", "model": "m", "repetition": 0, "at": "", "mood": "good"}
    path.write_text(json.dumps({"finished": line}) + "\n")
    with Results(path) as results:
        assert results.finished == {"k": Measured(key="k", prompt="p", model="m", repetition=0, at="")}


def test_one_writer_at_a_time(path):
    with Results(path), pytest.raises(ConfigError, match="another comparison writes to this file"), Results(path):
        pass
    with Results(path):
        pass


def test_a_place_that_cannot_hold_it_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="the results cannot be kept"), Results(tmp_path / "file" / "r.jsonl"):
        pass


def test_only_its_user_can_read_it(path):
    with Results(path):
        assert path.stat().st_mode & 0o777 == 0o600


def test_a_call_is_known_by_what_is_asked_and_how():
    (prompt,) = workload(1).prompts
    key = key_of(prompt, CLAUDE, 0)
    assert key_of(replace(prompt, id="renamed"), CLAUDE, 0) == key
    others = [
        key_of(prompt, META, 0),
        key_of(prompt, CLAUDE, 1),
        key_of(replace(prompt, parameters=replace(prompt.parameters, temperature=0.5)), CLAUDE, 0),
        key_of(replace(prompt, parameters=replace(prompt.parameters, system="Be kind.")), CLAUDE, 0),
        key_of(replace(prompt, messages=(("user", "Otherwise?"),)), CLAUDE, 0),
        key_of(replace(prompt, expects=Expected("json")), CLAUDE, 0),
        key_of(replace(prompt, checks=(Check("contains", "a"),)), CLAUDE, 0),
    ]
    assert len({key, *others}) == 8


def test_what_belongs_to_a_workload_is_found_under_present_names():
    asked = workload(2, repeat=1)
    known = {key_of(asked.prompts[1], CLAUDE, 0): replace(ONE, prompt="old name"), "stranger": ONE}
    assert [each.prompt for each in of_workload(asked, known)] == ["p1"]


def test_the_default_place():
    assert str(default_path(workload())) == ".ddllm/compare/shop.jsonl"


def test_repr_tells_the_state(path):
    with Results(path) as results:
        results.finish(ONE)
        assert repr(results) == f"Results({path}, 1 finished, 0.000000 spent)"
