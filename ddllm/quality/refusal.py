"""Whether a model declined, judged by the opening of its answer."""

# ruff: noqa: RUF001 - the marks of texts as people write them

import re
from collections.abc import Iterable
from functools import cache
from importlib import import_module
from os import listdir
from typing import Any, NamedTuple

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
    r"|\A. (?:label|text|id|intent|category|input|prompt|output|status|title|name|type|question|q):"
    r"|[ .](?:in|into|auf|en|em) (?:english|german|french|spanish|italian|dutch|portuguese|japanese|chinese|korean|deutsch|englisch|français|anglais|español|inglés|inglês|português|inglese|italiano|engels|nederlands) ?:"
    r"|[ (](?:user|customer|client|human|patient|caller|visitor|interviewer|kunde|kundin|nutzer|utilisateur|usuario|cliente|usuário"
    r"|utente|klant|gebruiker|客户|用户|顾客|お客様|ユーザー|客|고객|사용자)(?: [a-z0-9])? ?[:：] "
)
_SALUTATION = Pattern(
    r" (?:dear|hi|hello|hey|lieber?|liebes?|hallo|guten tag|sehr geehrte[rn]?|cher|chère|bonjour|madame|monsieur|estimad[oa]|querid[oa]"
    r"|hola|prezad[oa]|car[oa]|olá|gentile|egregi[oa]|ciao|beste|geachte)\b[^!?]{0,48}?,"
)
_SIGNED = Pattern(
    r"(?:regards|sincerely|cheers|best wishes|all the best|warmly|yours|thanks|love|grüßen?|grüße|cordialement|salutations|saludos|atentamente"
    r"|atenciosamente|cumprimentos|abraços?|saluti|groeten?|groet),?[^!?]{0,50}$|\n(?:best|love),?\s[^!?]{0,40}$",
    re.IGNORECASE,
)
_SIGNATURE = 120
_BLANK = Pattern(r"[^\S\n]+")
#: Makes spaces of what ends words. Bytes, because they are translated ten times as fast as characters.
_APART = bytes.maketrans(b".,'-:;!?()", b" " * 10)


@cache
def judges() -> dict[str, Judge]:
    """Return a judge for each file of `ddllm.quality.languages`, by its name; English, the commonest, first."""
    files = listdir(languages.__path__[0])  # noqa: PTH208 - pkgutil and pathlib take 5 ms to import
    names = sorted(
        (file[:-3] for file in files if file.endswith(".py") and not file.startswith("_")),
        key=lambda name: (name != "en", name),
    )
    return {name: Judge(import_module(f"{languages.__name__}.{name}").GRAMMAR) for name in names}


def _index(*, spaced: bool) -> dict[str, list[tuple[str, Rule]]]:
    """List the rules that need a word, each with its language, for the scripts with spaces or for those without."""
    index: dict[str, list[tuple[str, Rule]]] = {}
    for lang, judge in judges().items():
        if judge.grammar.spaced == spaced:
            for rule in judge.rules:
                for word in rule.words:
                    index.setdefault(word, []).append((lang, rule))
    return index


#: A text is looked at only by rules whose words it holds: those of spaced scripts are split off, the others looked for one by one.
_BY_WORD = {word.encode(): owners for word, owners in _index(spaced=True).items()}
_BY_PART = _index(spaced=False)
_WORDS = frozenset(_BY_WORD)
#: Bytes a character, in UTF-8, above which a text is looked at for words of scripts without spaces: accents alone stay below.
_WIDE = 1.2
_FOUND = {name: Refusal(lang=name) for name in judges()}
#: How much of a text is looked at for words: as far as any language looks for declines.
_REACH = max(judge.grammar.reach for judge in judges().values())


def detect_refusal(text: str) -> Refusal | None:
    """Return the refusal that a text is, or None where it answers, or is in no language that is known here.

    Only the opening is read, so that the cost does not grow with the answer.
    """
    if not isinstance(text, str):
        return None
    found = opening(text)
    own = _OWN_OBJECT.compiled.match(found, 1) if "{" in found[:16] else None
    if own is not None:
        found = ". " + found[own.end() :]
    for lang, rules in _candidates(found[:_REACH]):
        if judges()[lang].declines(found, rules) and not (own is None and _is_material(found, text)):
            return _FOUND[lang]
    return None


def _candidates(near: str) -> Iterable[tuple[str, set[Rule]]]:
    """Find the rules that may match, by language; English first, then by the alphabet."""
    rules: dict[str, set[Rule]] = {"en": set()}
    encoded = near.encode("utf-8", "surrogatepass")
    for word in _WORDS.intersection(encoded.translate(_APART).split()):
        for lang, rule in _BY_WORD[word]:
            if lang in rules:
                rules[lang].add(rule)
            else:
                rules[lang] = {rule}
    if len(encoded) > _WIDE * len(near):
        for part, owners in _BY_PART.items():
            if part in near:
                for lang, rule in owners:
                    rules.setdefault(lang, set()).add(rule)
    if len(rules) <= 2:  # noqa: PLR2004 - English and at most one other
        return rules.items()
    return sorted(rules.items(), key=_by_name)


def _by_name(found: tuple[str, Any]) -> tuple[bool, str]:
    return found[0] != "en", found[0]


def _is_material(found: str, text: str) -> bool:
    if (
        _MATERIAL.compiled.match(found, 1)
        or text[:64].lstrip().startswith("```")
        or ((":" in found or "：" in found) and _DRAFT.compiled.search(found))
    ):
        return True
    if not _SALUTATION.compiled.match(found, 1):
        return False
    ending = _BLANK.compiled.sub(" ", text[-_SIGNATURE:]).rstrip()
    return _SIGNED.compiled.search(ending) is not None
