"""A pattern that is compiled when it is first needed: a process pays for the languages and the oddities that it sees."""

import re
from functools import cached_property

#: Matches nothing.
NEVER = r"(?!)"


class Pattern:
    """A regular expression, by its source."""

    def __init__(self, source: str, flags: int = 0) -> None:
        self.source = source
        self.flags = flags

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.source!r})"

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        """The same, compiled."""
        return re.compile(self.source, self.flags)
