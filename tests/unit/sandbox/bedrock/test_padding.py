from hypothesis import given
from hypothesis import strategies as st

from ddllm.sandbox.bedrock.padding import pad


@given(st.text(), st.text())
def test_the_padding_is_letters_and_the_same_each_time(one, other):
    assert 1 <= len(pad(one, other)) <= 60
    assert pad(one, other) == pad(one, other)
    assert pad(one).isalnum()
