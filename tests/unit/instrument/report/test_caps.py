from hypothesis import given
from hypothesis import strategies as st

from ddllm.instrument.report.caps import MAX_LENGTH, Caps, clean

#: Surrogates among them: a name that came from a file system may hold some.
ANY_TEXT = st.text(st.characters(), max_size=400) | st.text(st.sampled_from(",|\n\r :#@\ud800é語"), max_size=400)


@given(ANY_TEXT)
def test_a_cleaned_value_is_safe_in_a_packet(text):
    value = clean(text)
    assert value
    assert not set(value) & set(",|\n\r")
    assert value == value.strip()
    assert len(value.encode()) <= MAX_LENGTH
    assert clean(value) == value


@given(st.text(st.sampled_from("abcXYZ019_-./:"), min_size=1, max_size=MAX_LENGTH))
def test_an_ordinary_value_stays_as_it_is(text):
    assert clean(text) == text


def test_what_cleaning_leaves_of_odd_values():
    assert clean("") == "unknown"
    assert clean(" \n ") == "_"
    assert clean("a,b|c") == "a_b_c"
    assert clean("語" * 100) == "語" * (MAX_LENGTH // 3)
    assert clean("a\ud800b") == "a?b"


def test_values_are_admitted_up_to_the_cap():
    caps = Caps({"feature": 2})
    assert [caps.admit("feature", one) for one in "abcab"] == ["a", "b", "other", "a", "b"]
    assert caps.take_capped() == {"feature": 1}


def test_counts_are_taken_once():
    caps = Caps({"feature": 1, "action": 1})
    for one in "abc":
        caps.admit("feature", one)
        caps.admit("action", one)
    assert caps.take_capped() == {"feature": 2, "action": 2}
    assert caps.take_capped() == {}


def test_each_tag_has_its_own_values():
    caps = Caps({"feature": 1, "action": 1})
    assert (caps.admit("feature", "a"), caps.admit("action", "b")) == ("a", "b")


def test_unknown_and_other_take_no_room():
    caps = Caps({"feature": 1})
    assert [caps.admit("feature", one) for one in (None, "", "unknown", "other", "a")] == [
        "unknown",
        "unknown",
        "unknown",
        "other",
        "a",
    ]
    assert caps.take_capped() == {}


def test_a_tag_without_a_cap_is_cleaned_alone():
    caps = Caps({})
    assert [caps.admit("region", one) for one in ("a,b", None)] == ["a_b", "unknown"]


def test_the_caps_say_how_full_they_are():
    caps = Caps({"feature": 3})
    caps.admit("feature", "a")
    assert repr(caps) == "Caps(feature 1/3)"


@given(st.lists(ANY_TEXT | st.none(), max_size=60), st.integers(1, 5))
def test_no_more_values_come_out_than_the_cap_and_the_two_of_our_own(values, cap):
    caps = Caps({"feature": cap})
    seen = {caps.admit("feature", one) for one in values}
    assert len(seen - {"unknown", "other"}) <= cap
