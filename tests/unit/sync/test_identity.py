"""Whose an object is stands on the object."""

from hypothesis import given
from hypothesis import strategies as st

from ddllm.sync.identity import Owner, applied_in

OWNER = Owner("shop", "prod")


def test_an_identity_holds_project_environment_and_key():
    assert OWNER.identity("slow/model-a") == "ddllm:shop/prod/slow/model-a"
    assert str(OWNER) == "shop/prod"


def test_the_key_is_found_among_other_marks():
    assert OWNER.key_in(["team:x", "ddllm:shop/prod/slow/model-a", "managed_by:ddllm"]) == "slow/model-a"


def test_other_projects_and_environments_are_somebody_elses():
    others = [
        "ddllm:shop/staging/slow",
        "ddllm:shop-2/prod/slow",
        "ddllm:other/prod/slow",
        "ddllm_applied:1-abc",
        "addllm:shop/prod/slow",
    ]
    assert OWNER.key_in(others) is None


def test_what_was_applied_is_found():
    assert applied_in(["a", "ddllm_applied:1-abc"]) == "1-abc"
    assert applied_in(["a"]) is None


@given(st.from_regex(r"[a-z][a-z0-9-]{1,60}(/[A-Za-z0-9._-]{1,20})?", fullmatch=True))
def test_every_key_is_read_back(key: str):
    assert OWNER.key_in([OWNER.identity(key)]) == key
