"""A run makes each call once, over real boto3, within its budget, and goes on where another one stopped."""

import json
import threading
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ddllm.analysis import compare
from ddllm.analysis.compare import Options, Outcome, Run, order
from ddllm.analysis.compare.results import Results, of_workload
from ddllm.definitions.workload import Expected, Model
from ddllm.errors import ApiError, ConfigError, DefinitionError
from ddllm.pricing import Cost
from ddllm.sandbox.bedrock import Bedrock
from tests.support.comparison import CLAUDE, META, workload
from tests.support.simulator import FAST, client_of

CENT = 0.01


@pytest.fixture
def bedrock():
    with Bedrock(FAST) as running:
        yield running


@pytest.fixture
def options(bedrock):
    with client_of(bedrock) as client:
        yield Options(metrics=False, make_client=lambda: client, now=lambda: datetime(2026, 1, 5, tzinfo=UTC))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "r.jsonl"


def run(asked, path, options, **more):
    """Run a workload; return the outcome, what is known afterwards, and what was spent."""
    with Results(path, fresh=more.pop("fresh", False)) as results:
        one = Run(asked, results, replace(options, **more))
        return one.make_calls(), of_workload(asked, results.finished), one.budget.spent


def asked_of(bedrock):
    return sum(bedrock.stats.requests.values())


def a_cent(provider, model, usage):
    """A price at which every call costs a cent at most, and half of that where it is answered."""
    return Cost(CENT if usage.output == 50 and usage.input > 200 else CENT / 2, "catalogue")


@pytest.mark.parametrize("stream", [True, False])
def test_every_prompt_goes_through_every_model_as_often_as_asked(bedrock, options, path, stream):
    asked = workload(3, repeat=2, parameters={"stream": stream})
    outcome, found, spent = run(asked, path, options)
    assert outcome == Outcome(made=12, left=0)
    assert Counter((each.prompt, each.model, each.repetition) for each in found).total() == len(set(found)) == 12
    assert bedrock.stats.requests == {"converse-stream" if stream else "converse": 12}
    assert {each.status for each in found} == {"ok"}
    assert all((each.ttft is not None) is stream and each.duration > 0 for each in found)
    assert spent == pytest.approx(sum(each.cost for each in found), abs=1e-7)
    assert all(0 < each.cost < each.reserved for each in found)
    assert {each.region for each in found} == {"us-east-1"}


def test_the_order_is_the_same_each_time_and_the_models_take_turns():
    asked = workload(5, repeat=3)
    calls = list(order(asked))
    assert calls == list(order(asked))
    assert len(set(calls)) == 30
    for first, second in zip(calls[::2], calls[1::2], strict=True):
        assert (first[0], first[2]) == (second[0], second[2])
        assert {first[1], second[1]} == {CLAUDE, META}
    assert len({call[1] for call in calls[::2]}) == 2
    assert [call[2] for call in calls] == sorted(call[2] for call in calls)


def test_a_second_run_has_nothing_to_do_and_needs_no_client(bedrock, options, path):
    asked = workload(2)
    run(asked, path, options)
    outcome, found, _ = run(asked, path, options, make_client=lambda: pytest.fail("no call is to be made"))
    assert outcome == Outcome(0, 0)
    assert (len(found), asked_of(bedrock)) == (8, 8)


def test_what_was_added_to_a_workload_is_all_that_is_asked(bedrock, options, path):
    run(workload(2, repeat=1), path, options)
    outcome, found, _ = run(workload(3, repeat=1), path, options)
    assert (outcome.made, len(found), asked_of(bedrock)) == (2, 6, 6)


def test_answers_are_kept_only_where_that_is_asked_for(options, path):
    asked = workload(1, repeat=1)
    _, found, _ = run(asked, path, options)
    assert {each.answer for each in found} == {None}
    _, found, _ = run(asked, path, options, keep_answers=True, fresh=True)
    assert all(each.answer for each in found)
    assert asked.prompts[0].messages[0][1] not in path.read_text()


def test_formats_and_refusals_are_judged(bedrock, options, path):
    plain = workload(4, repeat=1)
    prompts = tuple(
        replace(each, messages=(("user", f'{each.id} in JSON: {{"a": number}}'),), expects=Expected("json"))
        for each in plain.prompts
    )
    bedrock.turn("*llama*", refuse=1)
    _, found, _ = run(replace(plain, prompts=prompts), path, options)
    assert {(each.model == META.id, each.refusal, each.format_ok) for each in found} == {
        (False, None, True),
        (True, "text", False),
    }


def test_no_more_calls_than_asked_for_are_under_way(bedrock, options, path):
    most = []
    with Results(path) as results:
        asked = workload(4, repeat=2, concurrency=3)
        Run(asked, results, options, lambda _: most.append(bedrock.stats.open)).make_calls()
    assert max(most) <= 3
    assert threading.active_count() < 10


@pytest.mark.parametrize("concurrency", [1, 4])
def test_it_stops_before_the_call_that_could_pass_the_budget(bedrock, options, path, concurrency):
    asked = workload(4, repeat=2, budget=0.052, concurrency=concurrency)
    outcome, found, spent = run(asked, path, options, price=a_cent)
    assert (outcome.stopped, outcome.left) == ("budget", 16 - outcome.made)
    assert spent == pytest.approx(CENT / 2 * outcome.made)
    assert 0.052 - CENT < spent <= 0.052
    assert asked_of(bedrock) == outcome.made == len(found) == 9
    again, _, spent = run(asked, path, options, price=a_cent)
    assert (again.made, again.stopped, asked_of(bedrock)) == (0, "budget", 9)
    more, _, spent = run(replace(asked, budget=1.0), path, options, price=a_cent)
    assert (more.made, more.left, spent) == (7, 0, pytest.approx(0.08))


def test_a_failed_call_is_a_result_and_is_made_again_only_on_demand(bedrock, options, path):
    bedrock.turn("*llama*", throttle=1)
    asked = workload(2, repeat=1)
    outcome, found, _ = run(asked, path, options)
    assert (outcome.made, outcome.left) == (4, 0)
    assert Counter((each.status, each.error, each.charged > 0) for each in found) == {
        ("ok", None, True): 2,
        ("error", "ThrottlingException", False): 2,
    }
    bedrock.reset()
    assert run(asked, path, options)[0].made == 0
    outcome, found, _ = run(asked, path, options, retry_failed=True)
    assert (outcome.made, {each.status for each in found}) == (2, {"ok"})


def test_a_broken_stream_counts_with_its_worst_case(bedrock, options, path):
    bedrock.turn(stream_fault=1)
    _, found, spent = run(workload(1, repeat=1, parameters={"stream": True}), path, options)
    assert {each.cost for each in found} == {None}
    assert spent == pytest.approx(sum(each.reserved for each in found), abs=1e-8)


def test_a_model_without_a_price_is_asked_only_on_demand(bedrock, options, path):
    asked = workload(1, models=(Model("aws.bedrock", "meta.llama-unheard-of-v9:0"),), repeat=1)
    with pytest.raises(DefinitionError, match=r"no price of `meta\.llama-unheard-of-v9:0` is known.*--allow-unpriced"):
        run(asked, path, options)
    assert asked_of(bedrock) == 0
    outcome, (found,), spent = run(asked, path, options, allow_unpriced=True)
    assert (outcome.made, found.cost, found.status, spent) == (1, None, "ok", 0)


def test_what_no_call_can_get_past_ends_the_run_and_costs_nothing(bedrock, options, path):
    asked = workload(3, models=(CLAUDE, Model("aws.bedrock", "nobody.knows-v1")), repeat=1)
    with pytest.raises(ApiError, match=r"nobody\.knows-v1"):
        run(asked, path, options, allow_unpriced=True)
    with Results(path) as results:
        assert results.spent == pytest.approx(sum(each.cost for each in results.finished.values()))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("ddllm-compare")]


def test_an_interruption_lets_calls_under_way_end_and_the_next_run_goes_on(bedrock, options, path):
    asked = workload(5, repeat=2, concurrency=2)
    with Results(path) as results:
        one = Run(asked, results, options)
        one._ended = Interrupting(after=5)
        outcome = one.make_calls()
        assert outcome.stopped == "interrupted"
        assert outcome.made == asked_of(bedrock) == len(results.finished)
        assert outcome.left == 20 - outcome.made > 0
    assert results.spent == 0  # of the runs before this one
    outcome, found, _ = run(asked, path, options)
    assert (outcome.left, len(found), asked_of(bedrock)) == (0, 20, 20)


class Interrupting:
    """A queue whose reader is interrupted, as by Ctrl-C, when it waits for the so many-th time."""

    def __init__(self, after: int) -> None:
        import queue

        self._queue = queue.SimpleQueue()
        self._left = after

    def put(self, item: object) -> None:
        self._queue.put(item)

    def get(self) -> object:
        self._left -= 1
        if not self._left:
            raise KeyboardInterrupt
        return self._queue.get(timeout=30)


def test_results_that_cannot_be_written_end_the_run(options, path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    with Results(path) as results:
        monkeypatch.setattr("ddllm.analysis.compare.results.os.write", full)
        with pytest.raises(ConfigError, match="the results cannot be kept: No space left on device"):
            Run(workload(2), results, options).make_calls()


def test_each_call_says_which_comparison_it_belongs_to(options, path, monkeypatch):
    seen = []

    class Noted:
        def __init__(self, **said):
            seen.append(said)

        def __enter__(self):
            return self

        def __exit__(self, *error):
            return None

    monkeypatch.setattr(compare.ddllm, "context", Noted, raising=False)
    plain = workload(1, repeat=1, models=(CLAUDE,))
    expecting = replace(plain, prompts=(replace(plain.prompts[0], expects=Expected("json")),))
    run(plain, path, options, metrics=True)
    run(expecting, path, options, metrics=True)
    assert seen == [
        {"feature": "compare", "comparison": "shop", "expects": None},
        {
            "feature": "compare",
            "comparison": "shop",
            "expects": {"kind": "json", "schema": None, "allow_wrapped": False},
        },
    ]


def test_the_file_holds_one_line_before_and_one_after_each_call(options, path):
    run(workload(1, repeat=1, concurrency=1), path, options)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [next(iter(line)) for line in lines] == ["begun", "finished"] * 2
    assert lines[0]["begun"] == lines[1]["finished"]["key"]
    assert lines[1]["finished"]["at"] == "2026-01-05T00:00:00.000+00:00"


def test_repr_tells_the_state(options, path):
    with Results(path) as results:
        one = Run(workload(1, repeat=1), results, options)
        assert repr(one) == "Run(shop, 0 made, 2 waiting, Budget(0.000000 spent, 0.000000 reserved of 1))"
        assert one.waiting == 2
