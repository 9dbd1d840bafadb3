"""Renders a monitor's message for one transition, by the rules that Datadog documents: what a person or a handle would get."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_TOKEN = re.compile(r"\{\{([#^/]?)([^{}]+)\}\}")

#: What holds at each transition.
TRANSITIONS: Mapping[str, frozenset[str]] = {
    "alert": frozenset({"is_alert"}),
    "warning": frozenset({"is_warning"}),
    "no data": frozenset({"is_no_data"}),
    "renotify": frozenset({"is_alert", "is_renotify"}),
    "alert to warning": frozenset({"is_warning", "is_alert_to_warning"}),
    "alert recovery": frozenset({"is_recovery", "is_alert_recovery"}),
    "warning recovery": frozenset({"is_recovery", "is_warning_recovery"}),
    "no data recovery": frozenset({"is_recovery", "is_no_data_recovery"}),
}

_VALUES = {
    "value": "2.413",
    "comparator": ">",
    "threshold": "2.0",
    "warn_threshold": "1.5",
    "check_message": "3 of 3 failed",
    "a.value": "2.413",
    "b.value": "96.0",
    'eval "last_triggered_at_epoch-3600000"': "1767571200000",
    'eval "last_triggered_at_epoch+900000"': "1767575700000",
}


@dataclass(frozen=True)
class Notification:
    """One transition of one group, by its tags."""

    transition: str
    tags: Mapping[str, str] = field(default_factory=dict)

    def render(self, template: str) -> str:
        """Return the text. Raises AssertionError where conditions are not closed in the order in which they were opened."""
        shown: list[str] = []
        opened: list[tuple[str, bool]] = []
        end = 0
        for match in _TOKEN.finditer(template):
            text = template[end : match.start()]
            assert "{{" not in text, text
            assert "}}" not in text, text
            self._add(shown, opened, text)
            sign, inner = match[1], match[2].strip()
            if sign == "/":
                assert opened, inner
                assert opened.pop()[0] == inner
            elif sign:
                opened.append((inner.partition(" ")[0], self._holds(inner) is (sign == "#")))
            else:
                self._add(shown, opened, self._value(inner))
            end = match.end()
        assert not opened, opened
        self._add(shown, opened, template[end:])
        return "".join(shown)

    def handles(self, template: str) -> set[str]:
        """Return the handles that are called."""
        return set(re.findall(r"(?<!\S)@\S+", self.render(template)))

    @staticmethod
    def _add(shown: list[str], opened: list[tuple[str, bool]], text: str) -> None:
        if all(holds for _, holds in opened):
            shown.append(text)

    def _holds(self, condition: str) -> bool:
        compared = re.fullmatch(r'is_exact_match "(\w+)\.name" "([^"]*)"', condition)
        if compared:
            return self.tags.get(compared[1], "") == compared[2]
        assert any(condition in held for held in TRANSITIONS.values()), condition
        return condition in TRANSITIONS[self.transition]

    def _value(self, name: str) -> str:
        tag = re.fullmatch(r"\[?([\w.@]+?)\]?\.name", name)
        return self.tags.get(tag[1], "") if tag else _VALUES[name]
