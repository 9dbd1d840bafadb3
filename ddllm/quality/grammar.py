"""How a language declines: what a language file holds, and the judgement that reads it.

All languages decline with the same parts. A *head* is a speaker with an inability or a rejection ("I can't", "ik wil niet"): it
declines only where the verb of a task follows. A *decline* is complete in itself ("I have to pass"). Both are looked for only in
texts that hold a literal which they need, so that a pattern costs nothing where it cannot match.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

NEVER = r"(?!)"


class Grammar(NamedTuple):
    """The tables of one language, for text as `ddllm.quality.opening` gives it: lower case, straight quotes, single spaces.

    The text begins with ". ", as if a sentence had just ended.

    A key of `heads` and `declines` is a literal that stands in every text which its pattern matches. Patterns repeat only what
    is bounded: the text is short, and no pattern may make it long.
    """

    #: Words, separated by spaces, of which every refusal in the language holds one; apostrophes end words.
    words: str
    declines: Mapping[str, str]
    heads: Mapping[str, str] = {}
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
    #: The words with which an answer follows a disclaimer, by literals as above.
    answers: Mapping[str, str] = {}
    #: The words with which the very thing that was asked for follows a decline, or goes before it, by literals as above.
    delivers: Mapping[str, str] = {}
    #: The words with which a text begins that answers.
    begins: str = NEVER
    #: Where the clause of a head ends, beside the end of its sentence.
    clause: str = NEVER
    #: How far into the text a decline may begin, in characters.
    reach: int = 320
    #: In place of `words`, for a script without spaces: literals of which every refusal holds one.
    literals: tuple[str, ...] = ()


#: The end of a sentence. A colon ends none: "I must say: I can't".
_END = re.compile(r"[.!?;](?= |$)|[。！？；]")
_TRIMMED = ".,;:!?()\"'-…"
#: How many words after a head are looked at.
_WORDS = 40
#: A list, a table or code before a decline: what was asked for has begun.
_BEGUN = re.compile(r"[ :](?:1[.)]|[•·]) \S|(?: - [^-]{1,80}){3}|\|\s?-{3}|```|</?\w+>")


class Judge:
    """Reads one language. Patterns are compiled for the first text that may be in it: a process pays for the languages it sees."""

    def __init__(self, grammar: Grammar) -> None:
        self.grammar = grammar

    def __repr__(self) -> str:
        return f"Judge({self.grammar.words or self.grammar.literals!r})"

    def declines(self, text: str) -> bool:
        """Say whether a text declines in this language, and nothing that was asked for stands beside it."""
        return any(self._stands(text, start, end) for start, end in self._found(text))

    def _found(self, text: str) -> Iterator[tuple[int, int]]:
        """Find every decline in the opening: where it begins and where its sentence ends."""
        near = text[: self.grammar.reach]
        for literal, pattern in self._heads:
            if literal in near:
                for match in pattern.finditer(near):
                    end = _sentence_end(text, match.end())
                    if (
                        self._asks_for_a_task(text, match.end(), end)
                        and not self._idioms.match(text, match.end())
                        and not self._harmless.search(text, match.start(), end)
                    ):
                        yield match.start(), end
        for literal, pattern in self._declines:
            if literal in near:
                for match in pattern.finditer(near):
                    end = _sentence_end(text, match.end())
                    if not self._harmless.search(text, match.start(), end):
                        yield match.start(), end

    def _stands(self, text: str, start: int, end: int) -> bool:
        before, after = text[:start], text[start:]
        if before.count('"') % 2 or _BEGUN.search(before) or self._begins.match(text, 1):
            return False
        if _any(self._delivers, before) or _any(self._delivers, after):
            return False
        is_disclaimer = self._modest.search(text, start, end) and (_any(self._answers, after) or _BEGUN.search(after))
        return not is_disclaimer

    def _asks_for_a_task(self, text: str, start: int, end: int) -> bool:
        clause = self._clause.search(text, start, end)
        rest = text[start : clause.start() if clause else end]
        for raw in rest.replace("'", " ").split(None, _WORDS)[:_WORDS]:
            word = raw.strip(_TRIMMED)
            if word in self._verbs or word.startswith(self._stems):
                return True
            if self._between is not None and word and word not in self._between and not word.endswith(self._endings):
                return False
        return False

    @cached_property
    def _heads(self) -> list[tuple[str, re.Pattern[str]]]:
        return _compiled(self.grammar.heads)

    @cached_property
    def _declines(self) -> list[tuple[str, re.Pattern[str]]]:
        return _compiled(self.grammar.declines)

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
    def _clause(self) -> re.Pattern[str]:
        return re.compile(self.grammar.clause)


def _compiled(patterns: Mapping[str, str]) -> list[tuple[str, re.Pattern[str]]]:
    return [(literal, re.compile(pattern)) for literal, pattern in patterns.items()]


def _any(patterns: list[tuple[str, re.Pattern[str]]], text: str) -> bool:
    return any(literal in text and pattern.search(text) for literal, pattern in patterns)


def _sentence_end(text: str, start: int) -> int:
    match = _END.search(text, start)
    return match.end() if match else len(text)
