"""Several things wrong at once: a file is read to its end before its errors are shown."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ddllm.errors import DefinitionError


class DefinitionListError(DefinitionError):
    """More than one thing is wrong; one line each."""

    def __init__(self, problems: Sequence[DefinitionError]) -> None:
        super().__init__(f"{len(problems)} things are wrong in the definitions")
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return "\n".join((f"{self.message}:", *(f"  {problem}" for problem in self.problems)))


class Problems:
    """Collects errors, to raise them together."""

    def __init__(self) -> None:
        self._found: list[DefinitionError] = []

    def __len__(self) -> int:
        return len(self._found)

    @property
    def found(self) -> Sequence[DefinitionError]:
        """What was noted."""
        return tuple(self._found)

    def add(self, *problems: DefinitionError) -> None:
        """Note what is wrong; what was noted before is not noted again."""
        known = {str(problem) for problem in self._found}
        self._found += [problem for problem in problems if str(problem) not in known]

    @contextmanager
    def caught(self) -> Iterator[None]:
        """Note a DefinitionError of the block instead of raising it."""
        try:
            yield
        except DefinitionListError as errors:
            self.add(*errors.problems)
        except DefinitionError as error:
            self.add(error)

    def raise_any(self) -> None:
        """Raise what was noted, one error as itself."""
        if len(self._found) == 1:
            raise self._found[0]
        if self._found:
            raise DefinitionListError(self._found)
