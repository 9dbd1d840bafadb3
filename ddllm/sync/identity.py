"""Whose an object is, written on the object itself: no state file, nothing to lose.

Two marks: the identity, `ddllm:<project>/<env>/<key>`, and what was last applied, `ddllm_applied:<version>-<hash>`.
Objects without the identity are never written to.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

MANAGED = "managed_by:ddllm"
IDENTITY_PREFIX = "ddllm:"
APPLIED_PREFIX = "ddllm_applied:"

_MARK = re.compile(r"\bddllm(?:_applied)?:[^\s\])]+")


@dataclass(frozen=True, slots=True)
class Owner:
    """The project and environment that an object belongs to."""

    project: str
    env: str

    def __str__(self) -> str:
        return f"{self.project}/{self.env}"

    def identity(self, key: str) -> str:
        """Return the identity of the object with this key."""
        return f"{self._prefix}{key}"

    def key_in(self, marks: Iterable[str]) -> str | None:
        """Return the key of an object of this owner, found in its marks; None for anybody else's."""
        return next((mark.removeprefix(self._prefix) for mark in marks if mark.startswith(self._prefix)), None)

    @property
    def _prefix(self) -> str:
        return f"{IDENTITY_PREFIX}{self.project}/{self.env}/"


def applied_in(marks: Iterable[str]) -> str | None:
    """Return what the marks say was last applied: `<version>-<hash>`."""
    return next((mark.removeprefix(APPLIED_PREFIX) for mark in marks if mark.startswith(APPLIED_PREFIX)), None)


def marks_in(text: str) -> list[str]:
    """Return the marks inside a text, for kinds that have no tags: `… ddllm:shop/prod/key ddllm_applied:1-0123456789abcdef`."""
    return _MARK.findall(text)
