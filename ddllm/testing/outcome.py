"""What came of a test: what failed, what a person needs to see of it, and what the test exercised."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: What ends an alert or a warning.
RECOVERY = "Recovery"

#: A monitor's key, and what it did: reach Alert, Warn or No Data, or recover.
Transition = tuple[str, str]
#: A monitor's key, and a group of it as people write it.
GroupOf = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Picture:
    """A monitor's group over a test: times as seconds from its start, states, and values with what they are compared with.

    `values` is None where a monitor has none of its own (composites).
    """

    monitor: str
    group: str
    times: "NDArray[np.int64]" = field(repr=False)
    states: "NDArray[np.int8]" = field(repr=False)
    values: "NDArray[np.float64] | None" = field(repr=False)
    threshold: float
    is_approximate: bool = False


@dataclass(frozen=True, slots=True)
class Failure:
    """An expectation that does not hold: where it was written, what is the case instead, and pictures of it."""

    where: str
    message: str
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True, slots=True)
class Exercised:
    """What a test was about: monitors (those it names, and their parts), transitions that these went through, groups.

    `groups` are those that had data; `expected` those of them that an expectation looked at.
    """

    monitors: frozenset[str] = frozenset()
    transitions: frozenset[Transition] = frozenset()
    groups: frozenset[GroupOf] = frozenset()
    expected: frozenset[GroupOf] = frozenset()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one test. `approximate` are the monitors whose values Datadog may compute otherwise."""

    file: str
    name: str
    where: str
    seconds: float
    failures: tuple[Failure, ...] = ()
    exercised: Exercised = Exercised()
    approximate: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether everything that was expected holds."""
        return not self.failures
