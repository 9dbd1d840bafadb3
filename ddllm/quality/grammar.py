"""How a language declines: what a language file holds, and the judgement that reads it.

All languages decline with the same parts. A *head* is a speaker with an inability or a rejection ("I can't", "ik wil niet"): it
declines only where the verb of a task follows. A *decline* is complete in itself ("I have to pass"). Both are looked for only in
texts that hold a literal which they need, so that a pattern costs nothing where it cannot match.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ddllm.quality.pattern import NEVER, Pattern


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
_END = Pattern(r"[.!?;](?= |$)|[。！？；]")
_TRIMMED = ".,;:!?()\"'-…"
#: How many words after a head are looked at.
_WORDS = 40
#: A list, a table or code before a decline: what was asked for has begun.
_BEGUN = Pattern(r"[ :](?:1[.)]|[•·]) \S|(?: - [^-]{1,80}){3}|\|\s?-{3}|```|</?\w+>")


class Rule(Pattern):
    """One pattern of a grammar, with the words of which it needs one."""

    def __init__(self, words: str, source: str, *, is_head: bool) -> None:
        super().__init__(source)
        self.words = words.split()
        self.is_head = is_head


class Judge:
    """Reads one language."""

    def __init__(self, grammar: Grammar) -> None:
        self.grammar = grammar
        self.rules = (
            *(Rule(words, source, is_head=True) for words, source in grammar.heads),
            *(Rule(words, source, is_head=False) for words, source in grammar.declines),
        )
        tasks, between = grammar.tasks.split(), (grammar.between or "").split()
        self._verbs = frozenset(word for word in tasks if not word.endswith("-"))
        self._stems = tuple(word[:-1] for word in tasks if word.endswith("-"))
        self._between = None if grammar.between is None else frozenset(between)
        self._endings = tuple(word[1:] for word in between if word.startswith("-"))
        self._idioms = Pattern(grammar.idioms)
        self._harmless = Pattern(grammar.harmless)
        self._modest = Pattern(grammar.modest)
        self._begins = Pattern(grammar.begins)
        self._clause = None if grammar.clause is None else Pattern(grammar.clause)
        self._answers = [(literal, Pattern(source)) for literal, source in grammar.answers.items()]
        self._delivers = [(literal, Pattern(source)) for literal, source in grammar.delivers.items()]

    def __repr__(self) -> str:
        return f"Judge({len(self.rules)} rules)"

    def declines(self, text: str, rules: Iterable[Rule]) -> bool:
        """Say whether a text declines by one of the rules, and nothing that was asked for stands beside it."""
        near = text[: self.grammar.reach]
        for rule in rules:
            for match in rule.compiled.finditer(near):
                start, end = match.start(), _sentence_end(text, match.end())
                if (
                    (not rule.is_head or self._has_task(text, match.end(), end))
                    and not self._harmless.compiled.search(text, start, end)
                    and self._stands(text, start, end)
                ):
                    return True
        return False

    def _has_task(self, text: str, start: int, end: int) -> bool:
        """Say whether the verb of a task follows a head, and no idiom does."""
        if self._idioms.compiled.match(text, start):
            return False
        clause = self._clause.compiled.search(text, start, end) if self._clause else None
        rest = text[start : clause.start() if clause else end]
        for raw in rest.replace("'", " ").split(None, _WORDS)[:_WORDS]:
            word = raw.strip(_TRIMMED)
            if word in self._verbs or word.startswith(self._stems):
                return True
            if self._between is not None and word and word not in self._between and not word.endswith(self._endings):
                return False
        return False

    def _stands(self, text: str, start: int, end: int) -> bool:
        """Say whether a decline is the model's own and its last word: not quoted, not beside what was asked for."""
        before, after = text[:start], text[start:]
        if before.count('"') % 2 or _BEGUN.compiled.search(text, 0, start + 2) or self._begins.compiled.match(text, 1):
            return False
        if _any(self._delivers, before) or _any(self._delivers, after):
            return False
        is_disclaimer = self._modest.compiled.search(text, start, end) and (
            _any(self._answers, after) or _BEGUN.compiled.search(after)
        )
        return not is_disclaimer


def _any(patterns: Iterable[tuple[str, Pattern]], text: str) -> bool:
    return any(literal in text and pattern.compiled.search(text) for literal, pattern in patterns)


def _sentence_end(text: str, start: int) -> int:
    match = _END.compiled.search(text, start)
    return match.end() if match else len(text)
