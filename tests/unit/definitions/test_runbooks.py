"""Runbooks are decision trees: facts, steps that ask, causes; every way leads somewhere."""

from pathlib import Path
from textwrap import dedent

import pytest

from ddllm.definitions.document import parse
from ddllm.definitions.runbook_text import paragraphs
from ddllm.definitions.runbooks import RunbookDefinition, read
from ddllm.definitions.settings import load_settings
from ddllm.errors import DefinitionError
from tests.support.repository import SETTINGS

TREE = """
slow-start:
  title: Slow start of ${project}
  impact: People wait.
  facts:
    ttft: p95:ddllm.ttft{$scope}
    queue: p95:ddllm.queue_time{$scope}
  start: enough
  steps:
    waiting:
      ask: Does the call wait on our side?
      auto: [{if: queue.now > 0.5 * ttft.now, cause: client_queueing}, {else: person}]
    enough:
      ask: Are there enough calls?
      auto: [{if: ttft.n < 30, cause: too_few_calls}, {else: waiting}]
    person: {ask: "What do the slowest share?"}
  causes:
    client_queueing: {title: "Our limiter queues calls since {{version.now}}", do: ["Find the burst: {{links.requests_by_feature}}", Raise it]}
    too_few_calls: {goto_runbook: silence}
"""


@pytest.fixture
def one(tmp_path: Path):
    def one(text: str, file: str = "runbooks/slow-start.yaml") -> RunbookDefinition:
        path = tmp_path / "settings.yaml"
        path.write_text(SETTINGS)
        [found] = read(parse(dedent(text).lstrip("\n"), file), load_settings(path, None))
        return found

    return one


def test_the_whole_grammar_is_kept(one):
    found = one(TREE)
    assert (found.key, found.runbook.title, found.runbook.first) == ("slow-start", "Slow start of shop", "enough")
    assert found.runbook.facts["ttft"] == "p95:ddllm.ttft{$scope}"
    first, second = found.runbook.steps["enough"].auto
    assert (first.condition, first.cause, second.otherwise) == ("ttft.n < 30", "too_few_calls", "waiting")
    assert [slug for slug, _ in found.elsewhere()] == ["silence"]


def test_a_file_may_hold_the_body_directly(one):
    found = one("title: Slow\nimpact: People wait.\nsteps: {look: {ask: Where?}}")
    assert (found.key, found.runbook.first) == ("slow-start", "look")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("impact:", "impcat:"), "slow-start.yaml:3:3: unknown key `impcat`. Did you mean `impact`?"),
        (("ask: Are", "aks: Are"), "slow-start.yaml:13:7: unknown key `steps.enough.aks`. Did you mean `ask`?"),
        (("do: [", "du: ["), "unknown key `causes.client_queueing.du`"),
        (("start: enough", "start: enogh"), "slow-start.yaml:7:10: there is no step `enogh`. Did you mean `enough`?"),
        (("cause: too_few_calls", "cause: too_few"), "slow-start.yaml:14:39: there is no cause `too_few`. Did you mean `too_few_calls`?"),
        (("else: waiting", "else: wating"), "there is no step or cause `wating`. Did you mean `waiting`?"),
        (("{else: person}", "{else: enough}"), "slow-start.yaml:9:5: the steps go in a circle: waiting -> enough -> waiting"),
        (("if: ttft.n < 30, cause", "cause"), "`steps.enough.auto.0` must hold either `if` or `else`"),
        (("if: ttft.n < 30, cause: too_few_calls", "if: ttft.n < 30"), "must name a `cause` beside `if`"),
        (("{if: ttft.n < 30, cause: too_few_calls}, {else: waiting}", "{else: waiting}, {if: ttft.n < 30, cause: too_few_calls}"), "nothing behind `else` is ever reached"),
        (("slow-start:", "slow-strat:"), "slow-start.yaml:1:1: the file is named slow-start and holds `slow-strat`"),
        (("goto_runbook: silence", "goto_runbook: Silence"), "`causes.too_few_calls.goto_runbook` must be made of small letters"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_place(one, change: tuple[str, str], message: str):
    assert change[0] in TREE
    with pytest.raises(DefinitionError) as caught:
        one(TREE.replace(*change))
    assert message in str(caught.value)


def test_a_file_whose_name_is_no_slug_is_refused(one):
    with pytest.raises(DefinitionError, match=r"Slow_start\.yaml: `Slow_start` cannot be the slug of a runbook"):
        one(TREE, "runbooks/Slow_start.yaml")


def test_it_reads_as_a_page(one):
    text = "\n\n".join(paragraphs(one(TREE).runbook, ["[Monitors](m)"], "https://x/notebook/list"))
    assert text == (Path(__file__).parent / "runbook.md").read_text(encoding="utf-8").removesuffix("\n")
