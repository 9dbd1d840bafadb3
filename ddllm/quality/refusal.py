"""Whether a model declined, judged by the opening of its answer."""

import re
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import NamedTuple

from ddllm.quality import languages
from ddllm.quality.grammar import Judge
from ddllm.quality.opening import opening


class Refusal(NamedTuple):
    """A refusal that was found in a text. `reason` is the value of the metric's tag, `lang` the language (ISO 639-1)."""

    reason: str = "text"
    lang: str = "en"


#: Something that the model made or passes on, so that a decline in it is not the model's: a quotation, data, code, markup.
_MATERIAL = re.compile(r' (?:["{>|]|\[ ?[\[{"]|<[a-z!/])')
#: The one object that speaks for the model: an error or a refusal in place of the data.
_OWN_OBJECT = re.compile(r' (?:json )?\{ ?"(?:error|refusal|refused|declined)" ?: ?(?:\{ ?"message" ?: ?)?"')
#: A letter, a ticket or a dialogue that was drafted.
_DRAFT = re.compile(
    r"\A. (?:subject|betreff|objet|asunto|assunto|oggetto|onderwerp|件名|主题|主旨|제목) ?[:：]"
    r"|[ (](?:user|customer|client|human|patient|caller|visitor|interviewer|kunde|kundin|nutzer|utilisateur|usuario|cliente|usuário"
    r"|utente|klant|gebruiker|客户|用户|顾客|お客様|ユーザー|客|고객|사용자)(?: [a-z0-9])? ?[:：] "
)
_SALUTATION = re.compile(
    r" (?:dear|hi|hello|hey|lieber?|liebes?|hallo|guten tag|sehr geehrte[rn]?|cher|chère|bonjour|madame|monsieur|estimad[oa]|querid[oa]"
    r"|hola|prezad[oa]|car[oa]|olá|gentile|egregi[oa]|ciao|beste|geachte)\b[^.!?]{0,48}?,"
)
_SIGNED = re.compile(
    r"(?:regards|sincerely|cheers|best wishes|all the best|warmly|yours|thanks|love|grüßen?|grüße|cordialement|salutations|saludos|atentamente"
    r"|atenciosamente|cumprimentos|abraços?|saluti|groeten?|groet),?[^.!?]{0,60}$|\n(?:best|love),\n[^.!?]{0,40}$",
    re.IGNORECASE,
)
_SIGNATURE = 120


@cache
def judges() -> dict[str, Judge]:
    """Return a judge for each file of `ddllm.quality.languages`, by its name; English, the commonest, first."""
    names = sorted((module.name for module in iter_modules(languages.__path__)), key=lambda name: (name != "en", name))
    return {name: Judge(import_module(f"{languages.__name__}.{name}").GRAMMAR) for name in names}


#: A word that a refusal needs -> the languages that need it.
_SPOKEN: dict[str, list[str]] = {}
for _name, _judge in judges().items():
    for _word in _judge.grammar.words.split():
        _SPOKEN.setdefault(_word, []).append(_name)
_WORDS = frozenset(_SPOKEN)
#: The languages whose refusals are known by literals.
_WRITTEN = tuple((name, judge.grammar.literals) for name, judge in judges().items() if judge.grammar.literals)


def detect_refusal(text: str) -> Refusal | None:
    """Return the refusal that a text is, or None where it answers, or is in no language that is known here.

    Only the opening is read, so that the cost does not grow with the answer.
    """
    found = opening(text)
    own = _OWN_OBJECT.match(found, 1)
    if own is not None:
        found = ". " + found[own.end() :]
    for lang in _languages(found):
        if judges()[lang].declines(found) and not (own is None and _is_material(found, text)):
            return Refusal(lang=lang)
    return None


def _languages(found: str) -> list[str]:
    """Name the languages in which a text may decline, English first."""
    names = {name for word in _WORDS.intersection(found.replace("'", " ").split()) for name in _SPOKEN[word]}
    if not found.isascii():
        names.update(name for name, literals in _WRITTEN if any(literal in found for literal in literals))
    return sorted(names, key=lambda name: (name != "en", name)) if len(names) > 1 else list(names)


def _is_material(found: str, text: str) -> bool:
    if _MATERIAL.match(found, 1) or text[:64].lstrip().startswith("```") or _DRAFT.search(found):
        return True
    return bool(_SALUTATION.match(found, 1) and _SIGNED.search(text[-_SIGNATURE:].rstrip()))
