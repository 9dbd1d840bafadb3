import ast
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from ddllm.cli import doctor
from ddllm.cli.doctor.check import Check, Finding

ROWS = [
    ("boot file", Finding("ok", "armed")),
    ("agent", Finding("warn", "UDP cannot prove more", "Look for ddllm.requests.")),
]


def rendered(rows):
    console = Console(width=60, color_system=None)
    with console.capture() as capture:
        console.print(doctor.as_text(rows))
    return [line.rstrip() for line in capture.get().splitlines()]


@pytest.fixture
def checks(monkeypatch):
    def choose(**findings):
        monkeypatch.setattr(
            doctor, "CHECKS", [Check(name, lambda finding=finding: finding) for name, finding in findings.items()]
        )

    return choose


def test_text_says_what_to_do_below_what_was_found():
    assert rendered(ROWS) == [
        "ok    boot file  armed",
        "warn  agent      UDP cannot prove more",
        "                   → Look for ddllm.requests.",
    ]


def test_json_holds_each_check():
    answer = json.loads(doctor.as_json(ROWS))
    assert answer["healthy"] is True
    assert answer["checks"][1] == {
        "name": "agent",
        "status": "warn",
        "detail": "UDP cannot prove more",
        "advice": "Look for ddllm.requests.",
    }


@pytest.mark.parametrize(("status", "code"), [("ok", 0), ("warn", 0), ("skip", 0), ("fail", 1)])
def test_only_a_failure_fails(checks, status, code):
    checks(sky=Finding(status, "blue"))
    result = CliRunner().invoke(doctor.command, ["--format", "json"])
    assert result.exit_code == code
    assert json.loads(result.output)["healthy"] is (code == 0)


def test_text_is_the_default(checks):
    checks(sky=Finding("ok", "blue"))
    assert CliRunner().invoke(doctor.command).output.split() == ["ok", "sky", "blue"]


def test_no_two_checks_have_one_name():
    names = [check.name for check in doctor.CHECKS]
    assert len(set(names)) == len(names)


def test_every_failure_that_is_written_down_has_advice():
    folder = Path(doctor.__file__).parent
    made = [
        node
        for path in folder.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Finding"
    ]
    failing = [node for node in made if isinstance(node.args[0], ast.Constant) and node.args[0].value == "fail"]
    assert len(failing) > 10
    assert all(len(node.args) == 3 for node in failing)


def test_a_pipe_gets_full_lines(checks):
    checks(sky=Finding("ok", "blue " * 60), sea=Finding("ok", "deep"))
    lines = CliRunner().invoke(doctor.command).output.splitlines()
    assert lines == [f"ok  sky  {('blue ' * 60).rstrip()}", "ok  sea  deep"]
