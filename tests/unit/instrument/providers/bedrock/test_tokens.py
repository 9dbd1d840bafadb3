from hypothesis import given
from hypothesis import strategies as st

from ddllm.call import Usage
from ddllm.instrument.providers.bedrock import tokens
from ddllm.instrument.providers.bedrock.tokens import Counts

counts = st.none() | st.integers(min_value=0, max_value=1000)
usages = st.none() | st.builds(Usage, counts, counts, counts, counts, counts, counts)


def test_input_is_the_sum_of_what_is_counted_apart():
    assert tokens.apart(4, 50, 100, 20, 5) == Usage(124, 50, 100, 20, 5)
    assert tokens.apart(4, 50, None, None) == Usage(4, 50)


def test_nothing_counted_is_no_usage():
    assert tokens.apart(None, None, 5, 5) is None


def test_an_output_alone_is_usage_without_input():
    assert tokens.apart(None, 7, None, None) == Usage(output=7)


def test_what_one_place_does_not_say_is_filled_from_the_other():
    assert tokens.complete(Usage(output=7), Usage(3, 9, 1)) == Usage(3, 7, 1)
    assert tokens.complete(None, Usage(3)) == Usage(3)
    assert tokens.complete(Usage(3), None) == Usage(3)


def test_the_services_count_goes_before_the_bodys():
    assert tokens.settle(Counts(4, 50, 0, 18_131), Usage(5, 49)) == Usage(18_135, 50, 0, 18_131)


def test_the_body_adds_what_the_service_does_not_count():
    body = Usage(18_135, 50, 0, 18_131, cache_write_1h=18_131, reasoning=12)
    assert tokens.settle(Counts(4, 50, 0, 18_131), body) == body


def test_a_body_that_alone_tells_of_the_cache_keeps_its_sum():
    assert tokens.settle(Counts(4, 50), Usage(104, 50, cache_read=100)) == Usage(104, 50, cache_read=100)


def test_without_the_services_count_the_bodys_holds():
    assert tokens.settle(Counts(), Usage(1, 2)) == Usage(1, 2)
    assert tokens.settle(Counts(), None) is None


@given(usages, st.builds(Counts, counts, counts, counts, counts))
def test_a_part_is_never_greater_than_its_whole(body, service):
    usage = tokens.consistent(tokens.settle(service, body))
    if usage is not None:
        assert (usage.cache_read or 0) + (usage.cache_write or 0) <= (usage.input or 0)
        assert (usage.cache_write_1h or 0) <= (usage.cache_write or 0)
        assert (usage.reasoning or 0) <= (usage.output or 0)
