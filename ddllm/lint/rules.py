"""The rules, found by their places."""

import re
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
from ddllm.lint.live import Live
from ddllm.lint.subject import Draft, Subject


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `why` is its explanation, the first line a summary; `bad` and `good` a query, or a monitor in YAML, each.

    `refuses` matches the messages of the parser and of the loader of definitions that are this rule's: what these refuse is
    not checked twice. `is_live` says that the rule asks Datadog.
    """

    code: str
    severity: Severity
    why: str
    bad: str
    good: str
    refuses: re.Pattern[str] | None
    _check: Callable[[Subject], Iterable[Draft]] | None
    _check_live: Callable[[Subject, Live], Iterable[Draft]] | None

    @property
    def summary(self) -> str:
        """One line."""
        return self.why.partition("\n")[0]

    @property
    def is_live(self) -> bool:
        """Whether the rule can say something only where Datadog answers."""
        return self._check is None and self._check_live is not None

    def check(self, subject: Subject, live: Live | None = None) -> Iterator[Finding]:
        """Yield what the rule finds in a query, without Datadog, or with it."""
        if self._check:
            yield from (draft.signed(self.code, self.severity) for draft in self._check(subject))
        if self._check_live and live:
            with live.asking(self.code):
                yield from (draft.signed(self.code, self.severity) for draft in self._check_live(subject, live))


@cache
def rules() -> tuple[Rule, ...]:
    """Return every rule, in the order of codes."""
    groups = [each.name for each in iter_modules(ddllm.lint.__path__) if each.ispkg]
    found = [_rule(group, each.name) for group in groups for each in iter_modules(_package(group).__path__)]
    return tuple(sorted(found, key=lambda rule: rule.code))


def rule_of(code: str) -> Rule:
    """Return the rule of a code."""
    return next(rule for rule in rules() if rule.code == code)


def refusing(message: str) -> Rule | None:
    """Return the rule whose matter it is that a query or a definition was refused with a message."""
    return next((rule for rule in rules() if rule.refuses and rule.refuses.search(message)), None)


def _package(group: str) -> ModuleType:
    return import_module(f"ddllm.lint.{group}")


def _rule(group: str, name: str) -> Rule:
    module = import_module(f"ddllm.lint.{group}.{name}")
    why, _, examples = cleandoc(module.__doc__ or "").partition("\nBad:\n")
    bad, _, good = examples.partition("\nGood:\n")
    return Rule(
        code=f"{group}/{name}".replace("_", "-"),
        severity=module.SEVERITY,
        why=why.strip(),
        bad=dedent(bad).strip(),
        good=dedent(good).strip(),
        refuses=getattr(module, "REFUSES", None),
        _check=getattr(module, "check", None),
        _check_live=getattr(module, "check_live", None),
    )
