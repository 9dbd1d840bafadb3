import warnings

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ddllm.query.arrays import anomalies

ROWS = arrays.arrays(
    np.float64,
    st.integers(0, 60),
    elements=st.one_of(st.just(float("nan")), st.floats(-1e6, 1e6, allow_subnormal=False)),
)


@given(
    ROWS,
    st.integers(1, 20),
    st.lists(st.sampled_from([0.05, 0.5, 0.9, 0.95]), min_size=1, max_size=3),
    st.integers(1, 5),
)
def test_quantiles_of_the_points_before_are_those_that_numpy_takes_one_by_one(row, size, shares, least):
    found = anomalies._quantiles(row, size, shares, least)
    for share, values in zip(shares, found, strict=True):
        for at in range(len(row)):
            before = row[max(0, at - size) : at]
            enough = (~np.isnan(before)).sum() >= least
            expected = np.nanquantile(before, share) if enough else np.nan
            np.testing.assert_allclose(values[at], expected, rtol=1e-12, atol=1e-9)


def test_a_long_row_is_taken_in_parts(monkeypatch):
    row = np.random.default_rng(1).normal(size=500)
    whole = anomalies._quantiles(row, 24, (0.9,))
    monkeypatch.setattr(anomalies, "_SORTED_AT_ONCE", 7)
    np.testing.assert_array_equal(anomalies._quantiles(row, 24, (0.9,)), whole)


def test_what_was_never_seen_has_no_quantile_and_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        [found] = anomalies._quantiles(np.full(30, np.nan), 12, (0.5,))
    assert np.isnan(found).all()
