"""The results file: one JSON object a line, appended as calls begin and end, so that a run can go on where it stopped.

A line `begun` stands before each call with the most that it can cost, a line `finished` after it with what was measured. A call
that began and did not finish was perhaps paid for, so its worst case counts as spent.
"""

import fcntl
import json
import os
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from hashlib import sha256
from itertools import product
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Self

from ddllm.definitions.workload import Model, Prompt, Workload
from ddllm.errors import ConfigError

_NOTHING = 1e-9  # dollars; less is the rounding of sums
_MODE = 0o600  # what it holds is the user's own


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One finished call. Times are seconds, money is dollars; what was not measured is None.

    key          which call this is: prompt, model, parameters and repetition, hashed
    at           when it began, ISO 8601
    status       ok or error; `error` is the provider's code or the exception's class
    cost         None where the model has no price, and where the call failed
    reserved     what was set aside for it; `charged` is what the budget counts: the cost, or the worst case where it is not known
    finish       the provider's own word for why the answer ended
    refusal      why there is none, None where the model answered
    format_ok    None where no format was expected
    checks       which of the prompt's checks passed, in their order
    answer       the text, only where answers are kept
    region       the provider's, where one was asked
    """

    key: str
    prompt: str
    model: str
    repetition: int
    at: str
    status: str = "ok"
    error: str | None = None
    cost: float | None = None
    reserved: float = 0.0
    charged: float = 0.0
    ttft: float | None = None
    duration: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    tokens_per_second: float | None = None
    finish: str | None = None
    refusal: str | None = None
    format_ok: bool | None = None
    format_reason: str | None = None
    checks: tuple[bool, ...] = ()
    answer: str | None = None
    region: str | None = None


#: How each line begins that is written here.
_BEGINNINGS = (b'{"begun": ', b'{"finished": ', b'{"withdrawn": ')
_FIELDS = frozenset(field.name for field in fields(Measured))


def key_of(prompt: Prompt, model: Model, repetition: int) -> str:
    """Return what names a call from one run to the next. Renaming a prompt changes nothing; asking otherwise does."""
    parameters, expects = asdict(prompt.parameters), asdict(prompt.expects) if prompt.expects else None
    checks = [asdict(check) for check in prompt.checks]
    said = [prompt.messages, parameters, expects, checks, model.provider, model.id, repetition]
    return sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:24]


def default_path(workload: Workload) -> Path:
    """Return where a workload's results are kept unless told otherwise."""
    return Path(".ddllm") / "compare" / f"{workload.name}.jsonl"


class Results:
    """A results file while it is entered; nobody else can have it open meanwhile. Safe to write from any thread.

    `finished` holds what was measured so far by key, the last of each. Entering raises `ConfigError`, also for a file that holds
    anything but results: nothing in it is touched, `fresh` or not.
    """

    def __init__(self, path: Path, *, fresh: bool = False) -> None:
        self.path = path
        self.finished: dict[str, Measured] = {}
        self.spent = 0.0
        self._aside: defaultdict[str, float] = defaultdict(float)
        self._fresh = fresh
        self._file = -1
        self._lock = Lock()

    def __repr__(self) -> str:
        return f"Results({self.path}, {len(self.finished)} finished, {self.spent:.6f} spent)"

    def __enter__(self) -> Self:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, _MODE)
        except OSError as error:
            raise ConfigError(f"the results cannot be kept: {error.strerror}", where=str(self.path)) from None
        try:
            self._take()
        except BaseException:
            os.close(self._file)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:  # a call that nobody waits for any more must not write into what is opened next
            os.close(self._file)
            self._file = -1

    @property
    def aside(self) -> dict[str, float]:
        """Dollars that count as spent though nobody knows whether they were, by call."""
        return {key: dollars for key, dollars in self._aside.items() if dollars > _NOTHING}

    def begin(self, key: str, worst: float) -> None:
        """Note that a call is about to be made that can cost so much."""
        self._set_aside(key, worst)
        self._append({"begun": key, "worst": worst})

    def finish(self, measured: Measured) -> None:
        """Note a finished call."""
        self.finished[measured.key] = measured
        self._set_aside(measured.key, _unknown(measured))
        self._append({"finished": asdict(measured)})

    def withdraw(self, key: str, reserved: float) -> None:
        """Note that a call that began cannot have cost anything, and is to be made again."""
        self._set_aside(key, -reserved)
        self._append({"withdrawn": key, "reserved": reserved})

    def _set_aside(self, key: str, dollars: float) -> None:
        with self._lock:
            self._aside[key] += dollars

    def _append(self, line: dict[str, Any]) -> None:
        data = (json.dumps(line, ensure_ascii=True) + "\n").encode()
        with self._lock:
            try:
                while data:
                    data = data[os.write(self._file, data) :]
            except OSError as error:
                raise ConfigError(f"the results cannot be kept: {error.strerror}", where=str(self.path)) from None

    def _take(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            hint = "Wait for it, or name another file with --results"
            raise ConfigError("another comparison writes to this file", where=str(self.path), hint=hint) from None
        data = self.path.read_bytes()
        size = self._read(data)
        if self._fresh:
            self.finished, self.spent = {}, 0.0
            self._aside.clear()
            size = 0
        if size != os.fstat(self._file).st_size:
            os.ftruncate(self._file, size)
        elif data and not data.endswith(b"\n"):
            os.write(self._file, b"\n")

    def _read(self, data: bytes) -> int:
        """Take what was written; return how long that is. The last line is not, where a run was killed while it wrote it."""
        *lines, last = data.split(b"\n")
        wrong = [number for number, line in enumerate(lines, start=1) if line.strip() and not self._is_noted(line)]
        if not any(last.startswith(start[: len(last)]) for start in _BEGINNINGS):
            wrong.append(len(lines) + 1)
        if wrong:
            raise self._refusal(wrong, any_right=len(wrong) < sum(map(bool, (*lines, last))))
        return len(data) if self._is_noted(last) else len(data) - len(last)

    def _is_noted(self, line: bytes) -> bool:
        try:
            self._note(json.loads(line))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return False
        return True

    def _refusal(self, wrong: list[int], *, any_right: bool) -> ConfigError:
        if not any_right:
            hint = "Nothing in it was touched; name another file with --results"
            return ConfigError("this is no file of results", where=str(self.path), hint=hint)
        others = f", nor are {len(wrong) - 1} more" if len(wrong) > 1 else ""
        hint = "Remove that line, and the run goes on" if not others else "Remove these lines, and the run goes on"
        return ConfigError(f"this is no line of results{others}", where=f"{self.path}:{wrong[0]}", hint=hint)

    def _note(self, line: dict[str, Any]) -> None:
        if "begun" in line:
            self.spent += float(line["worst"])
            self._aside[line["begun"]] += float(line["worst"])
            return
        if "withdrawn" in line:
            self.spent -= float(line["reserved"])
            self._aside[line["withdrawn"]] -= float(line["reserved"])
            return
        written = line["finished"]
        known = {name: value for name, value in written.items() if name in _FIELDS}
        measured = Measured(**{**known, "checks": tuple(known.get("checks", ()))})
        self.spent += measured.charged - measured.reserved
        self._aside[measured.key] += _unknown(measured)
        self.finished[measured.key] = measured


def _unknown(measured: Measured) -> float:
    """Return by how many dollars a call's end changes what is set aside for it: what was reserved is now known, but for this."""
    return measured.charged - (measured.cost or 0.0) - measured.reserved


def of_workload(workload: Workload, finished: Mapping[str, Measured]) -> list[Measured]:
    """Return what was measured of a workload, in its own order, under the prompts' present names."""
    found = []
    for prompt, model, repetition in product(workload.prompts, workload.models, range(workload.repeat)):
        measured = finished.get(key_of(prompt, model, repetition))
        if measured is not None:
            found.append(replace(measured, prompt=prompt.id))
    return found
