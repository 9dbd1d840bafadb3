"""The opening of an answer, made plain: what a judgement by text reads, however long the answer is."""

import re
import unicodedata

from ddllm.quality.pattern import Pattern

#: Characters of plain text that are read.
LENGTH = 560
#: Characters of raw text that are read for them: a little first and, where that was mostly white space, more.
_RAW = (704, 16384)
#: Characters of leaked reasoning that are passed over, in tags and without.
_REASONING = 32768
_ALOUD_LENGTH = 6000

#: Marks that are written in several ways, and marks of emphasis, which say nothing.
_PLAIN = (
    *((mark, "'") for mark in "’‘ʼ´＇"),
    *((mark, '"') for mark in "“”„«»「」『』＂"),
    *((mark, " - ") for mark in "—–"),
    ("…", "..."),
    *((mark, "") for mark in "\u200b\u200c\u200d\u2060\ufeff\u00ad"),
)
_EMPHASIS = "*_#`"

_TAG = Pattern(r"<(think|thinking|thought|thoughts|reasoning|reflection|scratchpad|analysis)>|◁think▷", re.IGNORECASE)
#: Where a model's channel of thoughts ends and its answer begins.
_FINAL = ("assistantfinal", "<|channel|>final<|message|>")
_LABEL = Pattern(
    r" ?(?:</?(?:answer|response|output|final|reply)>|(?:(?:final )?(?:answer|response|reply)|assistant|ai|bot|chatbot"
    r"|antwort|réponse|respuesta|resposta|risposta|antwoord|回答|答え|答案|답변) ?[:：]) ?"
)

#: How a model begins that thinks aloud without tags, and what such sentences speak of.
_ALOUD = Pattern(
    r" (?:(?:okay|ok|alright|all right|hmm|right|well|so|now|first|bon|bien|vale|nun|also|gut|oké)[,.]? ){0,3}"
    r"(?:(?:let me|i need to) (?:think|figure|see|look|analy[sz]e|consider|break)|we (?:have|need) (?:to|a user)"
    r"|(?:it (?:looks|seems) like )?(?:the|this) user(?:'s)? |der (?:nutzer|benutzer) |l'utilisateur |el usuario |o usuário |l'utente |de gebruiker )"
    r"| ?(?:好的，|嗯，|好，|首先，){0,2}用户| ?(?:ユーザー|사용자)"
)
_THOUGHT = Pattern(
    r"\bthe user\b|\buser's\b|\bi (?:should|need to|have to|must|could)\b(?! (?:decline|refuse|clarify|inform))[^.!?]{0,20}"
    r"\b(?:respond|answer|explain|keep|make|write|mention|avoid|offer|be|check|figure|think|consider|start|give|find|ensure|provide|acknowledge|redirect|suggest)\b"
    r"|\blet me (?:think|make|check|see|start|draft|write|craft|outline|recall|consider|structure|respond)\b|\bhmm\b|\bwait,"
    r"|\b(?:nutzer|benutzer|gebruiker|gebruikt?er|utente|usuario|usuário)\b|l'utilisateur|用户|ユーザー|사용자"
)
_STOP = Pattern(r"[.!?](?= |$)|[。！？]")
_MEANS_TO_DECLINE = Pattern(
    r"\b(?:i|we)(?:'ll| will| should| must| need to| have to|'m going to)? (?:[a-z]+ly )?(?:decline|refuse)\b|应该拒绝|需要拒绝|必须拒绝|断る必要|거절해야"
)


def plain(text: str) -> str:
    """Return a text in lower case with single spaces, one way to write each quote and no emphasis, as if a sentence had just ended."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
        for mark, same in _PLAIN:
            text = text.replace(mark, same)
    for mark in _EMPHASIS:
        text = text.replace(mark, "")
    return ". " + " ".join(text.lower().split())


def opening(text: str) -> str:
    """Return the plain beginning of the answer in a text: without reasoning that leaked before it, without a label."""
    if text[:1].isspace():
        text = text.lstrip()
    if text[:1] in ("<", "◁", "a"):
        text = _after_tags(text)
    for size in _RAW:
        found = plain(text[:size])
        if len(found) >= LENGTH or len(text) <= size:
            break
    if _ALOUD.compiled.match(found, 1):
        return _after_thoughts(plain(text[:_ALOUD_LENGTH]))[:LENGTH]
    if ":" in found[:24] or "：" in found[:24] or ">" in found[:24]:
        label = _LABEL.compiled.match(found, 1)
        if label:
            found = ". " + found[label.end() :]
    return found[:LENGTH]


def _after_tags(text: str) -> str:
    """Leave out tagged reasoning. A text in which it does not end within reach holds no answer."""
    head = text[:_REASONING]
    for marker in _FINAL:
        if head.startswith(("analysis", "<|channel|>analysis")) and marker in head:
            return text[head.index(marker) + len(marker) :]
    tag = _TAG.compiled.match(head)
    if tag is None:
        return text
    closing = f"</{tag[1]}>".lower() if tag[1] else "◁/think▷"
    end = head.lower().find(closing)
    return text[end + len(closing) :].lstrip() if end >= 0 else ""


def _after_thoughts(found: str) -> str:
    """Leave out the sentences up to the last that speaks of the user or of what to write.

    Where nothing follows, the last intention stands for the answer.
    """
    end = 0
    for thought in _THOUGHT.compiled.finditer(found):
        stop = _STOP.compiled.search(found, thought.end())
        end = stop.end() if stop else len(found)
    rest = found[end:]
    if rest.strip(" .\"'"):
        return "." + rest
    return ". i must decline" if _MEANS_TO_DECLINE.compiled.search(found) else ""
