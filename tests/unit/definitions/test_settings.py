"""settings.yaml is read for one environment."""

from pathlib import Path

import pytest

from ddllm.definitions.document import parse
from ddllm.definitions.settings import load_settings
from ddllm.errors import DefinitionError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "settings.yaml"
    file.write_text(
        "project: shop\nteam: ml\ndefault_env: live\n"
        "variables: {limit: 2, scope: 'env:${env}'}\n"
        "envs:\n  live: {}\n  staging: {max_severity: ticket, variables: {limit: 4}}\n  bare:\n"
    )
    return file


def value(path: Path, env: str | None, text: str) -> object:
    return load_settings(path, env).scope.resolve(text, parse("", "m.yaml"), ())


def test_the_default_environment_holds_where_none_is_named(path: Path):
    settings = load_settings(path, None)
    assert (settings.project, settings.env, settings.team) == ("shop", "live", "ml")


def test_an_environments_variables_go_before_the_general_ones(path: Path):
    assert value(path, None, "${limit}") == 2
    assert value(path, "staging", "${limit}") == 4
    assert value(path, "bare", "${limit}") == 2


def test_env_and_project_always_exist(path: Path):
    assert value(path, "staging", "${project}/${env} ${scope}") == "shop/staging env:staging"


def test_no_alert_is_louder_than_the_environment_allows(path: Path):
    assert load_settings(path, None).capped("page") == "page"
    staging = load_settings(path, "staging")
    assert [staging.capped(each) for each in ("page", "ticket", "info", "none")] == ["ticket", "ticket", "info", "none"]


def test_an_unknown_environment_is_named_with_the_nearest(path: Path):
    with pytest.raises(DefinitionError, match=r"there is no environment `stagin`\. Did you mean `staging`\?"):
        load_settings(path, "stagin")


def test_without_a_list_of_environments_any_name_will_do(tmp_path: Path):
    file = tmp_path / "settings.yaml"
    file.write_text("project: shop\n")
    assert load_settings(file, None).env == "prod"
    assert load_settings(file, "eu-2").env == "eu-2"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "`project` is missing"),
        ("", "this must be a mapping"),
        (
            "project: Shop!",
            "`project` must be made of small letters, digits and `-`, begin with a small letter and have 2 to 41 characters",
        ),
        ("project: shop\nprojct: x", "s.yaml:2:1: unknown key `projct`. Did you mean `project`?"),
        (
            "project: shop\nenvs: {prod: {max_severty: page}}",
            "s.yaml:2:15: unknown key `envs.prod.max_severty`. Did you mean `max_severity`?",
        ),
        (
            "project: shop\nenvs:\n  prod: {max_severity: loud}",
            "s.yaml:3:24: `envs.prod.max_severity` should be 'page', 'ticket', 'info' or 'none'",
        ),
        ("project: shop\nvariables: {env: x}", "s.yaml:2:13: the variable `env` always exists and cannot be written"),
        ("project: shop\nteam: 5", "s.yaml:2:7: `team` should be a valid string"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(tmp_path: Path, text: str, message: str):
    file = tmp_path / "settings.yaml"
    file.write_text(text)
    with pytest.raises(DefinitionError) as caught:
        load_settings(file, None, shown="s.yaml")
    assert message in str(caught.value)


def test_a_missing_file_says_what_to_write(tmp_path: Path):
    with pytest.raises(DefinitionError, match=r"settings\.yaml: the file is missing\. It names the project"):
        load_settings(tmp_path / "settings.yaml", None)
