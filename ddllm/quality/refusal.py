"""Whether a model declined, judged by the opening of its answer."""

import re
from collections.abc import Iterable
from functools import cache
from importlib import import_module
from os import listdir
from typing import NamedTuple

from ddllm.quality import languages
from ddllm.quality.grammar import Judge, Rule
from ddllm.quality.opening import opening
from ddllm.quality.pattern import Pattern


class Refusal(NamedTuple):
    """A refusal that was found in a text. `reason` is the value of the metric's tag, `lang` the language (ISO 639-1)."""

    reason: str = "text"
    lang: str = "en"


#: Something that the model made or passes on, so that a decline in it is not the model's: a quotation, data, code, markup.
_MATERIAL = Pattern(r' (?:["{>|]|\[ ?[\[{"]|<[a-z!/])')
#: The one object that speaks for the model: an error or a refusal in place of the data.
_OWN_OBJECT = Pattern(r' (?:json )?\{ ?"(?:error|refusal|refused|declined)" ?: ?(?:\{ ?"message" ?: ?)?"')
#: A letter, a ticket or a dialogue that was drafted. All of it has colons.
_DRAFT = Pattern(
    r"\A. (?:subject|betreff|objet|asunto|assunto|oggetto|onderwerp|件名|主题|主旨|제목) ?[:：]"
    r"|[ (](?:user|customer|client|human|patient|caller|visitor|interviewer|kunde|kundin|nutzer|utilisateur|usuario|cliente|usuário"
    r"|utente|klant|gebruiker|客户|用户|顾客|お客様|ユーザー|客|고객|사용자)(?: [a-z0-9])? ?[:：] "
)
_SALUTATION = Pattern(
    r" (?:dear|hi|hello|hey|lieber?|liebes?|hallo|guten tag|sehr geehrte[rn]?|cher|chère|bonjour|madame|monsieur|estimad[oa]|querid[oa]"
    r"|hola|prezad[oa]|car[oa]|olá|gentile|egregi[oa]|ciao|beste|geachte)\b[^.!?]{0,48}?,"
)
_SIGNED = Pattern(
    r"(?:regards|sincerely|cheers|best wishes|all the best|warmly|yours|thanks|love|grüßen?|grüße|cordialement|salutations|saludos|atentamente"
    r"|atenciosamente|cumprimentos|abraços?|saluti|groeten?|groet),?[^!?]{0,50}$|\n(?:best|love),?\s[^!?]{0,40}$",
    re.IGNORECASE,
)
_SIGNATURE = 120
#: What ends words.
_MARKS = ".,'-:;!?"


@cache
def judges() -> dict[str, Judge]:
    """Return a judge for each file of `ddllm.quality.languages`, by its name; English, the commonest, first."""
    files = listdir(languages.__path__[0])  # noqa: PTH208 - pkgutil and pathlib take 5 ms to import
    names = sorted(
        (file[:-3] for file in files if file.endswith(".py") and not file.startswith("_")),
        key=lambda name: (name != "en", name),
    )
    return {name: Judge(import_module(f"{languages.__name__}.{name}").GRAMMAR) for name in names}


#: A word -> the rules that need it, each with its language. A text is looked at only by rules whose words it holds.
_BY_WORD: dict[str, list[tuple[str, Rule]]] = {}
#: The same for scripts without spaces, whose words are looked for one by one.
_BY_PART: dict[str, list[tuple[str, Rule]]] = {}
for _lang, _judge in judges().items():
    for _rule in _judge.rules:
        for _word in _rule.words:
            (_BY_WORD if _judge.grammar.spaced else _BY_PART).setdefault(_word, []).append((_lang, _rule))
_WORDS = frozenset(_BY_WORD)
#: How much of a text is looked at for words: as far as any language looks for declines.
_REACH = max(judge.grammar.reach for judge in judges().values())


def detect_refusal(text: str) -> Refusal | None:
    """Return the refusal that a text is, or None where it answers, or is in no language that is known here.

    Only the opening is read, so that the cost does not grow with the answer.
    """
    found = opening(text)
    own = _OWN_OBJECT.compiled.match(found, 1) if "{" in found[:16] else None
    if own is not None:
        found = ". " + found[own.end() :]
    for lang, rules in _candidates(found[:_REACH]):
        if judges()[lang].declines(found, rules) and not (own is None and _is_material(found, text)):
            return Refusal(lang=lang)
    return None


def _candidates(near: str) -> Iterable[tuple[str, set[Rule]]]:
    """Find the rules that may match, by language; English first."""
    spaced = near
    for mark in _MARKS:
        spaced = spaced.replace(mark, " ")
    rules: dict[str, set[Rule]] = {"en": set()}
    for word in _WORDS.intersection(spaced.split()):
        for lang, rule in _BY_WORD[word]:
            rules.setdefault(lang, set()).add(rule)
    if not near.isascii():
        for part, owners in _BY_PART.items():
            if part in near:
                for lang, rule in owners:
                    rules.setdefault(lang, set()).add(rule)
    return rules.items()


def _is_material(found: str, text: str) -> bool:
    if (
        _MATERIAL.compiled.match(found, 1)
        or text[:64].lstrip().startswith("```")
        or ((":" in found or "：" in found) and _DRAFT.compiled.search(found))
    ):
        return True
    return bool(_SALUTATION.compiled.match(found, 1) and _SIGNED.compiled.search(text[-_SIGNATURE:].rstrip()))
