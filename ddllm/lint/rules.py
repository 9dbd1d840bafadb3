"""The rules, found by their places."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from inspect import cleandoc
from pkgutil import iter_modules
from textwrap import dedent
from types import ModuleType

import ddllm.lint
from ddllm.lint.finding import Finding, Severity
from ddllm.lint.subject import Draft, Subject


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `why` is its explanation, the first line a summary; `bad` and `good` a query, or a monitor in YAML, each."""

    code: str
    severity: Severity
    why: str
    bad: str
    good: str
    _check: Callable[[Subject], Iterable[Draft]]

    @property
    def summary(self) -> str:
        """One line."""
        return self.why.partition("\n")[0]

    def check(self, subject: Subject) -> Iterator[Finding]:
        """Yield what the rule finds in a query."""
        for draft in self._check(subject):
            yield draft.signed(self.code, self.severity)


@cache
def rules() -> tuple[Rule, ...]:
    """Return every rule, in the order of codes."""
    groups = [each.name for each in iter_modules(ddllm.lint.__path__) if each.ispkg]
    found = [_rule(group, each.name) for group in groups for each in iter_modules(_package(group).__path__)]
    return tuple(sorted(found, key=lambda rule: rule.code))


def _package(group: str) -> ModuleType:
    return import_module(f"ddllm.lint.{group}")


def _rule(group: str, name: str) -> Rule:
    module = import_module(f"ddllm.lint.{group}.{name}")
    why, _, examples = cleandoc(module.__doc__ or "").partition("\nBad:\n")
    bad, _, good = examples.partition("\nGood:\n")
    code = f"{group}/{name}".replace("_", "-")
    return Rule(code, module.SEVERITY, why.strip(), dedent(bad).strip(), dedent(good).strip(), module.check)
