"""The README's first screen says what this is and how to see it; its examples work and their types are right."""

import re
import tomllib
from types import SimpleNamespace

import pytest

from docs.generate import PAGES, ROOT

README = (ROOT / "README.md").read_text("utf-8")
FIRST_SCREEN = "\n".join(README.splitlines()[:40])
EXAMPLES = (ROOT / "tests" / "typing" / "examples.py").read_text("utf-8")


def examples():
    for page in PAGES:
        for text in re.findall(r"^```python\n(.*?)^```$", page.read_text("utf-8"), re.DOTALL | re.MULTILINE):
            yield pytest.param(text, id=f"{page.stem}-{text.splitlines()[-1].strip()[:30]}")


@pytest.mark.parametrize(
    "text", ["are our AI systems healthy?", "make demo", "make test", "pip install ddllm", "ddtrace-run"]
)
def test_the_first_screen_says(text):
    assert text in FIRST_SCREEN


@pytest.mark.parametrize("example", list(examples()))
def test_types_of_examples_are_checked(example):
    shown = [line for line in example.splitlines() if line]
    assert set(shown) <= set(EXAMPLES.splitlines())


@pytest.mark.parametrize("example", [example for example in examples() if "ddllm.auto" not in example.values[0]])
def test_examples_run(example):
    asked = []
    answer = {"output": {"message": {"content": [{"text": "Blue."}]}}}
    client = SimpleNamespace(converse=lambda **what: asked.append(what) or answer)
    names = {"client": client, "model": "m", "messages": []}
    exec("import ddllm\n" + example, names)
    if "summarise" in names:
        assert names["summarise"]("Why is the sky blue?") == "Blue."
    assert len(asked) == example.count("client.converse(")


def test_the_versions_that_it_asks_for_are_those_of_the_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    oldest = dict(re.findall(r"([\w-]+)>=([\d.]+)", " ".join(project["dependencies"])))
    python = project["requires-python"].removeprefix(">=")
    assert f"Python {python} or newer, ddtrace {oldest['ddtrace']} or newer, boto3 {oldest['boto3']} or newer" in README


def test_the_license_is_the_one_that_the_package_declares():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["license"] == "Apache-2.0"
    assert "Version 2.0, January 2004" in (ROOT / "LICENSE").read_text("utf-8")
    assert "Apache License 2.0" in README
