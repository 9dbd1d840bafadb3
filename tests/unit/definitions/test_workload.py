"""A workload is read whole, and everything that is wrong with one is told with its place."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddllm.definitions import workload
from ddllm.definitions.library import library_folder
from ddllm.definitions.workload import Check, Expected, Model, Parameters, load_workload
from ddllm.errors import DefinitionError
from tests.support.process import ROOT

HEAD = "name: shop\nmodels: [{model: a.b-v1}]\n"
ONE = HEAD + "prompts:\n- {messages: [{role: user, content: Hello?}]}\n"


def load(folder: Path, text: str):
    path = folder / "w.yaml"
    path.write_text(text)
    return load_workload(path)


def error(folder: Path, text: str) -> str:
    with pytest.raises(DefinitionError) as caught:
        load(folder, text)
    return str(caught.value).replace(f"{folder}/", "")


def test_the_least_that_is_one(tmp_path):
    found = load(tmp_path, ONE)
    assert (found.name, found.models) == ("shop", (Model("aws.bedrock", "a.b-v1"),))
    assert (found.repeat, found.concurrency, found.budget, found.calls) == (1, 4, 1.0, 1)
    (prompt,) = found.prompts
    assert (prompt.id, prompt.messages) == ("prompt-1", (("user", "Hello?"),))
    assert prompt.parameters == Parameters()


def test_a_prompt_says_otherwise_than_the_defaults(tmp_path):
    found = load(
        tmp_path,
        ONE.replace("messages:", "temperature: 0, stream: false, messages:")
        + "defaults: {max_tokens: 9, temperature: 1, stream: true, system: Be kind., top_p: 0.5}\n",
    )
    assert found.prompts[0].parameters == Parameters(9, 0, 0.5, stream=False, system="Be kind.")


def test_expectations_and_checks(tmp_path):
    (tmp_path / "s.json").write_text('{"type": "object"}')
    more = (
        "  expects: {kind: json_schema, schema: s.json, allow_wrapped: true}\n"
        "  checks: [{contains: a}, {not_contains: b}, {regex: '\\d'}, {equals: ''}, {max_length: 9}]\n"
    )
    found = load(tmp_path, HEAD + "prompts:\n- messages: [{role: user, content: Hello?}]\n" + more)
    (prompt,) = found.prompts
    assert prompt.expects == Expected("json_schema", {"type": "object"}, allow_wrapped=True)
    assert prompt.expects.format == {"kind": "json_schema", "schema": {"type": "object"}}
    assert [str(check) for check in prompt.checks] == [
        "contains: a",
        "not_contains: b",
        "regex: \\d",
        "equals: ",
        "max_length: 9",
    ]


def test_prompts_come_from_files_too(tmp_path):
    (tmp_path / "prompts").mkdir()
    lines = [{"id": "named", "messages": [{"role": "user", "content": 'A "quoted" \U0001f600?'}]}]
    lines += [{"messages": [{"role": "user", "content": f"Number {n}?"}], "max_tokens": 7} for n in range(2)]
    (tmp_path / "prompts" / "b.jsonl").write_text("\n\n".join(map(json.dumps, lines)) + "\n")
    found = load(tmp_path, HEAD + "prompts: [{file: prompts/*.jsonl}]\n")
    assert [prompt.id for prompt in found.prompts] == ["named", "b-3", "b-5"]
    assert found.prompts[0].messages == (("user", 'A "quoted" \U0001f600?'),)
    assert found.prompts[1].parameters.max_tokens == 7


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (ONE + "budget_dolars: 2\n", "w.yaml:5:1: unknown key `budget_dolars`. Did you mean `budget_dollars`?"),
        (ONE.replace("role", "rol"), "w.yaml:4:16: unknown key `messages.0.rol`. Did you mean `role`?"),
        (ONE.replace("model:", "modle:"), "w.yaml:2:11: unknown key `models.0.modle`. Did you mean `model`?"),
        (ONE + "repeat: 0\n", "w.yaml:5:9: `repeat` should be greater than or equal to 1"),
        (ONE + "budget_dollars: -1\n", "w.yaml:5:17: `budget_dollars` should be greater than 0"),
        (ONE + "defaults: {temperature: hot}\n", "`defaults.temperature` should be a valid number"),
        (ONE.replace("{model: a", "{provider: aws, model: a"), "w.yaml:2:21: `aws` cannot be called here"),
        (ONE.replace("[{model: a.b-v1}]", "[{model: a}, {model: a}]"), "w.yaml:2:22: `a` stands here twice"),
        (ONE.replace("user", "assistant"), "w.yaml:4:15: this message must be the user's"),
        (ONE.replace("?}", "?}, {role: assistant, content: Hi}"), "w.yaml:4:46: the last message must be the user's"),
        (ONE + "- {messages: [{role: user, content: Hello?}]}\n", "w.yaml:5:3: the prompts `prompt-1` and `prompt-2` are"),
        (HEAD + "prompts: [{file: p/*.jsonl}]\n", "w.yaml:3:18: `p/*.jsonl` matches no file. It is looked for in"),
        (HEAD + "prompts: [{file: /etc/*}]\n", "w.yaml:3:18: `/etc/*` is no pattern of files"),
        (HEAD + "prompts: [{file: a, id: b}]\n", "w.yaml:3:21: unknown key `id`"),
        (HEAD + "prompts: [7]\n", "w.yaml:3:11: `prompts.0` must be a mapping"),
        ("name: Shop\n", "w.yaml:1:7: `name` must be made of small letters, digits, `_`, `.` and `-`, begin with a small letter or a digit and have at most 61 characters"),
        (ONE.replace("[{model: a.b-v1}]", "[]"), "w.yaml:2:9: `models` must not be empty"),
        (ONE.replace("a.b-v1", "''"), "w.yaml:2:18: `models.0.model` must not be empty"),
        ("", "w.yaml:1:1: this must be a mapping"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(tmp_path, text, told):
    assert told in error(tmp_path, text)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("expects: {kind: json_schema}", "`expects.schema` is missing: `json_schema` needs one"),
        ("expects: {kind: json, schema: {}}", "`json` takes no schema. Write kind: json_schema"),
        ("expects: {kind: json_schema, schema: s.json}", "the schema `s.json` cannot be read: No such file"),
        ("expects: {kind: json_schema, schema: w.yaml}", "the schema `w.yaml` is no JSON"),
        ("expects: {kind: json_schema, schema: {type: objekt}}", 'this is no JSON Schema: "objekt" is not valid'),
        ("expects: {kind: regex, schema: '('}", "this is no regular expression: missing )"),
        ("expects: {kind: regex, schema: 7}", "a regular expression is text"),
        ("expects: {kind: xml}", "`expects.kind` should be 'json', 'json_schema' or 'regex'"),
        ("checks: [{regex: '('}]", "w.yaml:5:20: this is no regular expression"),
        ("checks: [{contains: a, regex: b}]", "`checks.0` must hold exactly one check"),
        ("checks: [{contans: a}]", "unknown key `checks.0.contans`. Did you mean `contains`?"),
        ("checks: [{contains: null}]", "`contains` needs a value"),
    ],
)
def test_what_is_wrong_with_a_promise_is_told(tmp_path, more, told):
    text = HEAD + f"prompts:\n- messages: [{{role: user, content: Hello?}}]\n  {more}\n"
    assert told in error(tmp_path, text)


def test_a_line_of_a_file_is_told_with_its_number(tmp_path):
    lines = ['{"messages": [{"role": "user", "content": "A?"}]}', '{"message": []}', "{", '{"id": "x"}']
    (tmp_path / "p.jsonl").write_text("\n".join(lines))
    said = error(tmp_path, HEAD + "prompts: [{file: p.jsonl}]\n")
    assert "p.jsonl:2:2: unknown key `message`. Did you mean `messages`?" in said
    assert "p.jsonl:3: the line is no JSON" in said
    assert "p.jsonl:4:1: `messages` is missing" in said


def test_a_name_is_used_once(tmp_path):
    said = error(tmp_path, ONE.replace("{messages", "{id: a, messages") + ONE.splitlines()[3].replace("{m", "{id: a, m").replace("Hello", "Hi"))  # fmt: skip
    assert "the id `a` is used twice, first at" in said


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    (tmp_path / "p.jsonl").write_bytes(b"\xff")
    assert "p.jsonl: the file cannot be read" in error(tmp_path, HEAD + "prompts: [{file: p.jsonl}]\n")


@pytest.mark.parametrize(
    ("check", "passes", "fails"),
    [
        (Check("contains", "EUR"), "12 EUR", "12 eur"),
        (Check("not_contains", "As an AI"), "Yes.", "As an AI, no."),
        (Check("regex", r"^\d{4}$"), "2026", "26"),
        (Check("equals", "yes"), " yes\n", "Yes"),
        (Check("max_length", 3), "abc", "abcd"),
    ],
)
def test_checks(check, passes, fails):
    assert check.passes(passes)
    assert not check.passes(fails)


def test_what_is_asked_tells_prompts_apart_and_the_name_does_not(tmp_path):
    one, other = (load(tmp_path, ONE.replace("{messages", f"{{id: {name}, messages")).prompts[0] for name in "ab")
    assert one != other
    assert one.content == other.content


def test_the_shipped_example_can_be_used():
    found = load_workload(library_folder() / "examples" / "compare.yaml")
    assert sum(prompt.expects is not None for prompt in found.prompts) >= 5
    assert sum(bool(prompt.checks) for prompt in found.prompts) >= 5


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_in_words(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(text, encoding="utf-8", errors="replace")
    with pytest.raises(DefinitionError):
        load_workload(path)


def test_the_guides_example_can_be_used(tmp_path):
    guide = (ROOT / "docs" / "compare.md").read_text("utf-8")
    (example,) = re.findall(r"^```yaml\n(.*?)^```$", guide, re.DOTALL | re.MULTILINE)
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "invoice.json").write_text("{}")
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "a.jsonl").write_text('{"messages": [{"role": "user", "content": "Hello?"}]}\n')
    assert load(tmp_path, example).calls == 20


@pytest.mark.parametrize("shape", [workload.WorkloadFile, workload._DefaultsShape, workload._ExpectsShape, workload._CheckShape])  # fmt: skip
def test_the_guide_names_every_key(shape):
    guide = (ROOT / "docs" / "compare.md").read_text("utf-8")
    for name, field in shape.model_fields.items():
        assert f"`{field.alias or name}`" in guide, name
