"""What the tooling raises for its user to read. The runtime inside the user's process raises nothing of its own.

    DdllmError                 anything that a command prints as one line before it exits 1
    ├── ConfigError            ddllm.yaml or an environment variable cannot be used
    ├── DefinitionError        a definition file (monitors, settings, …) is wrong
    ├── QueryError             a query cannot be read, or asks for what ddllm does not evaluate
    ├── ApiError               Datadog, or another service, refused a request or could not be reached
    └── SyncError              the remote side is in a state in which nothing may be written

Each says what was wrong, where, and how to put it right.
"""

#: Characters that are shown on either side of a position.
_BESIDE = 50


class DdllmError(Exception):
    """What was wrong, where, and how to put it right.

    `where` is a position a person can open (`monitors/ttft.yaml:4`), `hint` one sentence on what to do.
    """

    def __init__(self, message: str, *, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text}. {self.hint}" if self.hint else text


class ConfigError(DdllmError):
    """ddllm.yaml or an environment variable cannot be used."""


class DefinitionError(DdllmError):
    """A definition file is wrong."""


class QueryError(DdllmError):
    """A query cannot be read or evaluated.

    `position` is the index of the first character that was not understood, `suggestion` what should stand there.
    """

    def __init__(self, message: str, *, query: str, position: int | None = None, suggestion: str | None = None) -> None:
        hint = f"Did you mean `{suggestion}`?" if suggestion else None
        super().__init__(message, where=None if query in message else f"`{query}`", hint=hint)
        self.query = query
        self.position = position
        self.suggestion = suggestion

    def pointed(self) -> str:
        """Return the line of the query with the position, and a caret below it; nothing where no position is known."""
        return "" if self.position is None else "\n".join(f"    {line}" for line in pointed(self.query, self.position))


def pointed(query: str, position: int, beside: int = _BESIDE) -> tuple[str, str]:
    """Return the line of a query in which a position stands, and a caret for the line below.

    Of a long line `beside` characters on either side are shown.
    """
    begins = query.rfind("\n", 0, position) + 1
    line, caret = query[begins:].partition("\n")[0].replace("\t", " "), position - begins
    if caret > beside:
        line, caret = f"…{line[caret - beside + 1 :]}", beside
    if len(line) > caret + beside:
        line = f"{line[: caret + beside - 1]}…"
    return line, f"{' ' * caret}^"


class ApiError(DdllmError):
    """A service refused a request or could not be reached.

    `status` is the HTTP status, 0 without an answer; `details` the errors of the answer as they came, None where it has none.
    """

    def __init__(self, message: str, *, status: int = 0, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(message, where=where, hint=hint)
        self.status = status
        self.details: object = None


class SyncError(DdllmError):
    """The remote side is in a state in which nothing may be written."""
