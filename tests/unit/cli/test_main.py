"""Wrong usage: one line on standard error and exit code 1."""

import sys

import pytest

from ddllm.cli import main


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["ddllm", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nope"], "ddllm: No such command 'nope'. `ddllm --help` tells more\n"),
        (["--nope"], "ddllm: No such option"),
        (["costs", "--format", "xml"], "ddllm: Invalid value for '--format': 'xml' is not one of 'text', 'json', 'html'."),
        (["demo", "--seconds", "0"], "ddllm: Invalid value for '--seconds': 0.0 is not in the range 1<=x<=45.0."),
        (["metrics", "nope"], "ddllm: No such command 'nope'. `ddllm metrics --help` tells more\n"),
        (["metrics", "export"], "ddllm: Missing argument 'FILE'. `ddllm metrics export --help` tells more\n"),
    ],
)  # fmt: skip
def test_wrong_usage_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
):
    assert run(monkeypatch, *arguments) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(said)
    assert told.err.count("\n") == 1


@pytest.mark.parametrize("arguments", [[], ["metrics"]])
def test_a_group_alone_prints_its_help(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
):
    assert run(monkeypatch, *arguments) == 0
    told = capsys.readouterr()
    assert told.err == ""
    assert told.out.startswith(f"Usage: {' '.join(['ddllm', *arguments])} [OPTIONS] COMMAND")
