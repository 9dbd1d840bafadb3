"""Times as people write them."""

import pytest

from ddllm.cli._times import moment, span
from ddllm.errors import ConfigError

NOW = 1_767_571_200.0  # 2026-01-05 00:00 UTC


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("now", NOW),
        ("30m", NOW - 1800),
        ("12h", NOW - 43_200),
        (" 7d ", NOW - 7 * 86_400),
        ("2w", NOW - 14 * 86_400),
        ("2026-01-04", NOW - 86_400),
        ("2026-01-04T23:00", NOW - 3600),
        ("2026-01-04T23:00Z", NOW - 3600),
        ("2026-01-05T00:00+01:00", NOW - 3600),
    ],
)
def test_a_moment(text: str, seconds: float):
    assert moment(text, NOW, "--from") == seconds


@pytest.mark.parametrize("text", ["", "yesterday", "7", "d", "7y", "2026-13-01", "-7d"])
def test_what_is_no_moment_is_told_with_its_option(text: str):
    with pytest.raises(ConfigError, match=r"--from is .* which is no time\. Write 30m"):
        moment(text, NOW, "--from")


def test_a_span_is_in_utc():
    assert span(NOW, NOW + 5400) == "2026-01-05 00:00 to 2026-01-05 01:30 UTC"
