from pathlib import Path

import pytest

from ddllm.settings import VARIABLES, Settings, file_path


def test_an_empty_environment_gives_the_defaults():
    assert Settings.from_environ({}) == Settings()


def test_datadog_names_are_read():
    read = Settings.from_environ({"DD_SERVICE": "shop", "DD_ENV": "prod", "DD_VERSION": "1.2"})
    assert (read.service, read.env, read.version) == ("shop", "prod", "1.2")


@pytest.mark.parametrize(
    ("word", "enabled"), [("false", False), ("0", False), (" Off ", False), ("true", True), ("", True)]
)
def test_enabled_unless_switched_off(word, enabled):
    assert Settings.from_environ({"DDLLM_ENABLED": word}).enabled is enabled


@pytest.mark.parametrize("bad", ["soon", "-1", "0", "nan", "inf"])
def test_a_number_that_is_none_is_a_problem_and_the_default_holds(bad):
    read = Settings.from_environ({"DDLLM_FLUSH_INTERVAL": bad})
    assert read.flush_interval == 1.0
    assert read.problems == (f"DDLLM_FLUSH_INTERVAL={bad!r} is not a positive number; 1.0 holds",)


def test_numbers_are_read():
    read = Settings.from_environ({"DDLLM_QUEUE_RECORDS": "7", "DDLLM_EXIT_TIMEOUT": "0.5"})
    assert (read.queue_records, read.exit_timeout, read.problems) == (7, 0.5, ())


def test_a_frozen_function_reports_inline():
    assert Settings.from_environ({"AWS_LAMBDA_FUNCTION_NAME": "f"}).inline


@pytest.mark.parametrize(
    ("environ", "packed"),
    [
        ({}, True),
        ({"DDLLM_PACK_SAMPLES": "false"}, False),
        ({"AWS_LAMBDA_FUNCTION_NAME": "f"}, False),
        ({"K_SERVICE": "f"}, False),
    ],
)
def test_samples_share_a_line_where_the_agent_reads_all_of_it(environ, packed):
    assert Settings.from_environ(environ).packed is packed


@pytest.mark.parametrize(
    ("said", "holds", "problems"), [("", "off", 0), ("Full", "full", 0), ("redacted", "redacted", 0), ("yes", "off", 1)]
)
def test_content_is_captured_only_where_that_is_said(said, holds, problems):
    read = Settings.from_environ({"DDLLM_CAPTURE": said})
    assert (read.capture, len(read.problems)) == (holds, problems)


def test_keys_for_references_are_never_shown():
    read = Settings.from_environ({"DDLLM_FEEDBACK_KEY": "new, old,"})
    assert read.feedback_keys == ("new", "old")
    assert "old" not in repr(read)


def test_the_configured_file_goes_before_the_one_in_the_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert file_path(Settings()) is None
    (tmp_path / "ddllm.yaml").touch()
    assert file_path(Settings()) == Path("ddllm.yaml")
    assert file_path(Settings(config="/etc/ddllm.yaml")) == Path("/etc/ddllm.yaml")


def test_every_variable_says_what_it_does():
    assert all(variable.description.endswith(".") and variable.default for variable in VARIABLES)
