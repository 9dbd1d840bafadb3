import pytest

from ddllm.instrument import guard


@pytest.fixture(autouse=True)
def nothing_noted(monkeypatch):
    monkeypatch.setattr(guard, "_described", set())
    guard.collect()
    yield
    guard.collect()


def fail(place: str, text: str = "of ours") -> None:
    try:
        int(text)
    except ValueError:
        guard.caught(place)


def test_faults_are_counted_by_place():
    for place in ("a", "b", "a"):
        fail(place)
    assert guard.collect().counts == {"a": 2, "b": 1}


def test_collecting_takes_what_was_noted():
    fail("a")
    guard.collect()
    assert guard.collect() == ({}, [])


def test_the_first_fault_of_a_place_is_described_with_its_traceback():
    fail("a", "the first")
    fail("a", "the second")
    (fault,) = guard.collect().descriptions
    assert (fault.place, fault.kind) == ("a", "ValueError")
    assert "'the first'" in fault.text
    assert "in fail" in fault.frames


def test_the_text_of_a_fault_is_shown_as_far_as_content_may_be():
    fail("a", "from ada@example.com")
    (fault,) = guard.collect().descriptions
    assert fault.shown("off") == f"{fault.frames}ValueError"
    assert fault.shown("redacted").endswith("ValueError: invalid literal for int() with base 10: 'from [email]'")
    assert fault.shown("full").endswith("'from ada@example.com'")


def test_a_place_is_described_once_in_a_process():
    fail("a")
    guard.collect()
    fail("a")
    assert guard.collect() == ({"a": 1}, [])


def test_a_reason_is_counted_without_a_description():
    guard.count("config")
    assert guard.collect() == ({"config": 1}, [])


def test_what_is_noted_is_bounded():
    for number in range(3000):
        fail(f"place {number}")
    faults = guard.collect()
    assert sum(faults.counts.values()) == 1000
    assert len(faults.descriptions) == 50


def test_a_fault_that_cannot_be_described_is_counted(monkeypatch):
    monkeypatch.setattr(guard.traceback, "format_tb", lambda trace: 1 / 0)
    fail("a")
    assert guard.collect() == ({"a": 1}, [])
