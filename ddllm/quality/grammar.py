"""How a language declines: what a language file holds, and the judgement that reads it.

All languages decline with the same parts. A *head* is a speaker with an inability or a rejection ("I can't", "ik wil niet"): it
declines only where the verb of a task follows. A *decline* is complete in itself ("I have to pass"). Both are looked for only in
texts that hold a literal which they need, so that a pattern costs nothing where it cannot match.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import NamedTuple

NEVER = r"(?!)"


class Grammar(NamedTuple):
    """The tables of one language, for text as `ddllm.quality.opening` gives it: lower case, straight quotes, single spaces.

    The text begins with ". ", as if a sentence had just ended. `declines` and `heads` are pairs: words, separated by spaces, of
    which one stands in every text that the pattern matches (apostrophes and hyphens end words), and the pattern. Patterns repeat
    only what is bounded: the text is short, and no pattern may make it long.
    """

    declines: tuple[tuple[str, str], ...]
    heads: tuple[tuple[str, str], ...] = ()
    #: Whether spaces part the words; otherwise the words of a pair may stand anywhere in the text.
    spaced: bool = True
    #: The verbs of tasks, separated by spaces; `writ-` is a stem.
    tasks: str = ""
    #: What may stand between a head and its verb, separated by spaces; `-ly` is an ending. None: anything in the sentence.
    between: str | None = ""
    #: Idioms right after a head ("help but smile"), which decline nothing.
    idioms: str = NEVER
    #: What makes something else of a head or a decline ("without seeing the file"): looked for up to the end of its sentence.
    harmless: str = NEVER
    #: What a disclaimer withholds ("legal advice"): it declines only where no answer follows.
    modest: str = NEVER
    #: The words with which an answer follows a disclaimer, by a literal that stands in each match.
    answers: Mapping[str, str] = {}
    #: The words with which the very thing that was asked for follows a decline, or goes before it, by a literal that stands in each match.
    delivers: Mapping[str, str] = {}
    #: The words with which a text begins that answers.
    begins: str = NEVER
    #: Where the clause of a head ends, beside the end of its sentence.
    clause: str | None = None
    #: How far into the text a decline may begin, in characters.
    reach: int = 320


#: The end of a sentence. A colon ends none: "I must say: I can't".
_END = re.compile(r"[.!?;](?= |$)|[。！？；]")
_TRIMMED = ".,;:!?()\"'-…"
#: How many words after a head are looked at.
_WORDS = 40
#: A list, a table or code before a decline: what was asked for has begun.
_BEGUN = re.compile(r"[ :](?:1[.)]|[•·]) \S|(?: - [^-]{1,80}){3}|\|\s?-{3}|```|</?\w+>")


class Rule:
    """One pattern of a grammar, compiled when the first text may match it: a process pays for the languages it sees."""

    def __init__(self, words: str, source: str, *, is_head: bool) -> None:
        self.words = words.split()
        self.source = source
        self.is_head = is_head

    def __repr__(self) -> str:
        return f"Rule({self.source!r})"

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The pattern, compiled."""
        return re.compile(self.source)


class Judge:
    """Reads one language."""

    def __init__(self, grammar: Grammar) -> None:
        self.grammar = grammar
        self.rules = (
            *(Rule(words, source, is_head=True) for words, source in grammar.heads),
            *(Rule(words, source, is_head=False) for words, source in grammar.declines),
        )

    def __repr__(self) -> str:
        return f"Judge({len(self.rules)} rules)"

    def declines(self, text: str, rules: Iterable[Rule]) -> bool:
        """Say whether a text declines by one of the rules, and nothing that was asked for stands beside it."""
        near = text[: self.grammar.reach]
        for rule in rules:
            for match in rule.pattern.finditer(near):
                end = _sentence_end(text, match.end())
                if (
                    (not rule.is_head or self._has_task(text, match.end(), end))
                    and not self._harmless.search(text, match.start(), end)
                    and self._stands(text, match.start(), end)
                ):
                    return True
        return False

    def _has_task(self, text: str, start: int, end: int) -> bool:
        return not self._idioms.match(text, start) and self._asks_for_a_task(text, start, end)

    def _stands(self, text: str, start: int, end: int) -> bool:
        before, after = text[:start], text[start:]
        if before.count('"') % 2 or _BEGUN.search(before) or self._begins.match(text, 1):
            return False
        if _any(self._delivers, before) or _any(self._delivers, after):
            return False
        is_disclaimer = self._modest.search(text, start, end) and (_any(self._answers, after) or _BEGUN.search(after))
        return not is_disclaimer

    def _asks_for_a_task(self, text: str, start: int, end: int) -> bool:
        clause = self._clause.search(text, start, end) if self._clause else None
        rest = text[start : clause.start() if clause else end]
        for raw in rest.replace("'", " ").split(None, _WORDS)[:_WORDS]:
            word = raw.strip(_TRIMMED)
            if word in self._verbs or word.startswith(self._stems):
                return True
            if self._between is not None and word and word not in self._between and not word.endswith(self._endings):
                return False
        return False

    @cached_property
    def _answers(self) -> list[tuple[str, re.Pattern[str]]]:
        return _compiled(self.grammar.answers)

    @cached_property
    def _delivers(self) -> list[tuple[str, re.Pattern[str]]]:
        return _compiled(self.grammar.delivers)

    @cached_property
    def _verbs(self) -> frozenset[str]:
        return frozenset(word for word in self.grammar.tasks.split() if not word.endswith("-"))

    @cached_property
    def _stems(self) -> tuple[str, ...]:
        return tuple(word[:-1] for word in self.grammar.tasks.split() if word.endswith("-"))

    @cached_property
    def _between(self) -> frozenset[str] | None:
        words = self.grammar.between
        return None if words is None else frozenset(words.split())

    @cached_property
    def _endings(self) -> tuple[str, ...]:
        return tuple(word[1:] for word in (self.grammar.between or "").split() if word.startswith("-"))

    @cached_property
    def _idioms(self) -> re.Pattern[str]:
        return re.compile(self.grammar.idioms)

    @cached_property
    def _harmless(self) -> re.Pattern[str]:
        return re.compile(self.grammar.harmless)

    @cached_property
    def _modest(self) -> re.Pattern[str]:
        return re.compile(self.grammar.modest)

    @cached_property
    def _begins(self) -> re.Pattern[str]:
        return re.compile(self.grammar.begins)

    @cached_property
    def _clause(self) -> re.Pattern[str] | None:
        return None if self.grammar.clause is None else re.compile(self.grammar.clause)


def _compiled(patterns: Mapping[str, str]) -> list[tuple[str, re.Pattern[str]]]:
    return [(literal, re.compile(pattern)) for literal, pattern in patterns.items()]


def _any(patterns: list[tuple[str, re.Pattern[str]]], text: str) -> bool:
    return any(literal in text and pattern.search(text) for literal, pattern in patterns)


def _sentence_end(text: str, start: int) -> int:
    match = _END.search(text, start)
    return match.end() if match else len(text)
