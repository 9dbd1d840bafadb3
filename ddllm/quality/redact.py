"""Takes secrets and personal numbers out of a text: keys, e-mail addresses, payment cards, phone numbers.

They are told by their form alone. A key begins where a word begins, so one that is glued to letters or digits before it stays;
so does a number that is glued to further digits, and whatever has no form: names, addresses, a password that is told in prose.
Of what looks like several things the rule is: rather a marker too many than a secret too many.
"""

import re
from collections.abc import Callable, Iterator

#: What a replaced neighbour had hidden is found in the next round. Only texts made to that end have more rounds than these.
_ROUNDS = 8

_GITLAB = ("pat", "dt", "rt", "ptt", "ft", "soat", "cbt", "imt", "agent", "oas", "ffct")
# Repeats are bounded, or of a class that what follows is not in; where a failure would try every length, they are possessive.
# Each row: what the lower-cased text holds wherever the pattern matches, which is 50 times as fast to look for; the pattern.
_KEYS = (
    (("akia", "asia", "abia", "acca"), r"(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}(?![0-9A-Za-z])"),  # AWS
    (("gho_", "ghp_", "ghs_", "ghu_", "ghr_", "github_pat_"), r"gh[oprsu]_[0-9A-Za-z]{30,}|github_pat_\w{22,}"),
    (tuple(f"gl{kind}-" for kind in _GITLAB), rf"gl(?:{'|'.join(_GITLAB)})-[\w-]{{20,}}"),
    (("xox", "xapp-"), r"xox[abcdeoprs]-[\w-]{10,}|xapp-[\w-]{10,}"),  # Slack
    (("k_live_", "k_test_", "whsec_"), r"[prs]k_(?:live|test)_[0-9A-Za-z]{10,}|whsec_[0-9A-Za-z+/=]{24,}"),  # Stripe
    (("sk-",), r"sk-[\w-]{20,}"),  # OpenAI, Anthropic, OpenRouter, DeepSeek
    (("aiza", "ya29.", "gocspx-"), r"AIza[\w-]{30,}|ya29\.[\w-]{20,}|GOCSPX-[\w-]{20,}"),  # Google
    (
        ("gsk_", "hf_", "npm_", "dop_v1_", "shpat_"),
        r"(?:gsk|hf|npm|dop_v1|shpat)_[0-9A-Za-z]{20,}",
    ),  # Groq, Hugging Face, …
    (("xai-", "pplx-", "pypi-"), r"(?:xai|pplx|pypi)-[\w-]{30,}"),
    (("sg.",), r"SG\.[\w-]{16,}\.[\w-]{16,}"),  # SendGrid
    (("eyj",), r"eyJ[\w-]{8,}+\.eyJ[\w-]{8,}+(?:\.[\w-]*)?"),  # JSON Web Tokens, unsigned ones too
    (
        ("bearer", "basic"),
        r"(?i:bearer|basic)[ \t]+(?P<bearer>(?=[A-Za-z._~+/=-]{0,20}\d)[\w.~+/=-]{16,}|[\w.~+/=-]{20,})",
    ),
)
# To its end; where that was cut off, as far as it looks like base64.
_PRIVATE_KEY = (
    r"-----BEGIN [0-9A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
    r"(?:(?:[^-]|-(?!----))*+-----END [0-9A-Z ]{0,60}-----|[0-9A-Za-z+/=\s\\]*+)"
)
# Which of the first letters it is, is left open: a search for any of some characters is far faster than one for some words.
_NAME = (
    r"[AaCcEePpSsTt](?i:assw(?:or)?d|assphrase|wd|ecret|oken|redentials?"
    r"|(?:pi|pp|pplication|ccess|ccount|uth|rivate|ncryption|igning|hared)[_ -]?key)"
)
# A value is what stands in quotes or behind an equals sign. A colon and no quotes stand in prose too: there it has a digit.
_NAMED = (
    rf"{_NAME}(?:\\?[\"'])?[ \t]{{0,3}}"
    r"(?:(?:=>|:=|[:=])[ \t]{0,3}(?P<quote>\\?[\"'])(?P<quoted>[^\s\"'\\\[](?:(?!(?P=quote))[^\n]){5,})"
    r"|=(?![=>])[ \t]{0,3}(?P<assigned>[^\s\"'\\,;&<>()\[\]{}]{6,})"
    r"|:[ \t]{0,3}(?P<stated>(?=[^\s\d\"'\\,;&<>()\[\]{}]{0,100}\d)[^\s\"'\\,;&<>()\[\]{}]{6,}))"
)
# Datadog's own keys have no form but 32 or 40 hexadecimal digits.
_HEXADECIMAL = (
    r"[KkSsTt](?i:(?<!\[k)ey|oken|ecret)\W{1,5}(?:(?:is|was)\W{1,5})?(?P<hex>[0-9A-Fa-f]{32,64})(?![0-9A-Za-z])"
)
_LOGIN = r"://[^\s:/@\[\]]{0,64}:(?P<login>[^\s/@\[\]]{3,}+)(?=@)"

_WORD = r"0-9A-Za-z\u00c0-\u052f"  # Latin, Greek and Cyrillic letters: scripts without spaces would run into an address
_EMAIL = re.compile(
    rf"(?<![{_WORD}_.%+-])[{_WORD}_%+-][{_WORD}_.%+-]*+@"
    rf"(?:[{_WORD}](?:[{_WORD}-]{{0,62}})\.){{1,8}}(?:xn--[0-9A-Za-z-]{{2,59}}|[A-Za-z\u00c0-\u052f]{{2,24}})"
)

# Digits, each after at most one space or dash; what of it is a card, its groups and check digit say. Floats are no cards.
_DIGITS = re.compile(r"(?<!\d)(?<!\d\.)\d(?:[ -]?\d){12,}+")
_GROUP = re.compile(r"\d+")
_MANY_DIGITS = re.compile(r"\d(?:[^\w\n]{0,3}\d){6}")
_SHORTEST, _LONGEST, _MOST_GROUPS = 13, 19, 6
_LUHN = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
# Epochs in milli-, micro- and nanoseconds, dates with their time, ISBNs: one in ten has a valid check digit.
_NO_CARD = re.compile(
    r"1\d{12}|1\d{15}|1\d{18}|(?:19|20)\d\d(?:0\d|1[0-2])[0-3]\d[0-2]\d[0-5]\d[0-5]\d(?:\d{3})?|97[89]\d{10}"
)
_YEAR = re.compile(r"(?:19|20)\d\d")

# Each way to separate digits has one way to match, so that a failure is found in few steps.
_ANY = r"(?: ?[-./] ?| )?"
_SOME = r"(?: ?[-/] ?| )"
# Not inside of a longer number, a version, a date, a path or a name.
_ALONE = r"(?<![\w+/#-])(?<!\d[.:/])"
_END = r"(?!-?\w)(?![./]\d)"
_PHONE = re.compile(
    r"(?=[+(\d])(?:"
    rf"(?<![\w+])(?P<country>\+[1-9]\d{{0,2}}\)?(?:{_ANY}(?:\(\d{{1,5}}\)|\d)){{5,14}})(?!\d)"
    rf"|{_ALONE}(?P<abroad>00[1-9]\d{{0,2}}[ /-](?:{_ANY}\d){{6,14}}){_END}"
    rf"|{_ALONE}(?P<american>(?:1[ .-]?)?(?:\(\d{{3}}\) ?\d{{3}}[ .-]|\d{{3}}(?P<by>[.-])\d{{3}}(?P=by))\d{{4}}"
    rf"(?: ?(?:x|ext\.?) ?\d{{1,6}})?){_END}"
    rf"|{_ALONE}(?!\d\d?[./-]\d\d?[./-]\d|0\d/(?:19|20)\d\d)"
    rf"(?P<national>(?:\(0[1-9]\d{{0,4}}\) ?\d\d|0[1-9]{_SOME}\d{{3}}|0[1-9]\d{{1,4}}{_SOME}\d\d)"
    rf"\d{{0,6}}(?:{_SOME}\d{{2,8}}){{0,4}}){_END}"
    rf"|{_ALONE}(?<!\d )(?P<pairs>0[1-9](?P<dot>[ .-])\d\d(?:(?P=dot)\d\d){{3}}){_END}(?! \d)"
    r")"
)
# After a word that says so, anything that is long enough.
_TOLD = re.compile(
    r"[CcFfHhMmPpTtWw](?i:hone|elefon|ax(?<=fax)|(?<!\w.)(?:el|obile?|andy|ell|hatsapp|all))\w{0,6}(?!\])[^\w\n]{1,4}"
    r"(?:(?i:number|nummer|nr|no|is|me|us|at|on)[^\w\n]{1,3}){0,3}"
    rf"(?!\d{{4}}-\d\d-\d\d)(?P<told>\(?\d\)?(?:{_ANY}\(?\d\)?){{6,14}}){_END}"
)
#: Digits of a number, at least and at most; groups beyond that are other numbers that follow it.
_DIGITS_OF = {
    "country": (8, 13),
    "abroad": (10, 15),
    "american": (10, 17),
    "national": (9, 13),
    "pairs": (10, 10),
    "told": (7, 13),
}


class _Markers:
    """Numbers the different things of each kind, so that a text still says which of them were the same."""

    def __init__(self) -> None:
        self._numbers: dict[str, dict[str, int]] = {}
        self.count = 0

    def of(self, kind: str, thing: str) -> str:
        """Return the marker that stands for a thing: `[email]`, then `[email:2]`."""
        self.count += 1
        numbers = self._numbers.setdefault(kind, {})
        number = numbers.setdefault(thing, len(numbers) + 1)
        return f"[{kind}]" if number == 1 else f"[{kind}:{number}]"


def redact(text: str) -> str:
    """Return a text with markers in place of keys, e-mail addresses, card and phone numbers.

    A marker is `[key]`, `[email]`, `[card]` or `[phone]`, with a number from the second different one of its kind in the
    text: `[email:2]`. What is redacted already stays as it is. Takes time in proportion to the text's length.
    """
    markers = _Markers()
    for _ in range(_ROUNDS):
        before = markers.count
        lower = text.lower()
        for hints, pattern, replacement in _KINDS:
            if any(hint in lower for hint in hints) if hints else _MANY_DIGITS.search(text):
                text = pattern.sub(replacement(markers), text)
        if markers.count == before:
            break
    return text


def _key(markers: _Markers) -> Callable[[re.Match[str]], str]:
    def replacement(match: re.Match[str]) -> str:
        secret = match[match.lastgroup] if match.lastgroup else match[0]
        return match[0][: -len(secret)] + markers.of("key", secret)

    return replacement


def _email(markers: _Markers) -> Callable[[re.Match[str]], str]:
    return lambda match: markers.of("email", match[0].casefold())


def _cards(markers: _Markers) -> Callable[[re.Match[str]], str]:
    def replacement(match: re.Match[str]) -> str:
        run, kept, parts = match[0], 0, []
        for begin, end in _card_spans(run):
            parts += [run[kept:begin], markers.of("card", "".join(_GROUP.findall(run[begin:end])))]
            kept = end
        return "".join(parts) + run[kept:]

    return replacement


def _card_spans(run: str) -> Iterator[tuple[int, int]]:
    """Yield where the cards are in groups of digits, the longest first: other numbers may stand beside one."""
    groups = list(_GROUP.finditer(run))
    at = 0
    while at < len(groups):
        length, longest = 0, 0
        for some in range(1, min(_MOST_GROUPS, len(groups) - at) + 1):
            length += len(groups[at + some - 1][0])
            if length > _LONGEST:
                break
            if length >= _SHORTEST and _is_card([group[0] for group in groups[at : at + some]]):
                longest = some
        if longest:
            yield groups[at].start(), groups[at + longest - 1].end()
        at += longest or 1


def _is_card(groups: list[str]) -> bool:
    if len(groups) == 1:
        return _NO_CARD.fullmatch(groups[0]) is None and _luhn(groups[0])
    if len(groups[0]) < 4 or min(map(len, groups[1:-1]), default=3) < 3:  # noqa: PLR2004 - as cards print them
        return False
    return not all(map(_YEAR.fullmatch, groups)) and _luhn("".join(groups))


def _luhn(digits: str) -> bool:
    """Tell whether the last digit is the check digit of the others."""
    values = [ord(digit) - ord("0") for digit in reversed(digits)]
    return (sum(values[::2]) + sum(_LUHN[value] for value in values[1::2])) % 10 == 0


def _phone(markers: _Markers) -> Callable[[re.Match[str]], str]:
    def replacement(match: re.Match[str]) -> str:
        form = next(name for name in _DIGITS_OF if match.groupdict().get(name))
        fewest, most = _DIGITS_OF[form]
        number = match[form]
        groups = list(_GROUP.finditer(number))
        while len(groups) > 1 and sum(len(group[0]) for group in groups) > most:
            groups.pop()
        digits = "".join(group[0] for group in groups)
        if len(digits) < fewest:
            return match[0]
        # A parenthesis may stand after the last digit.
        end = groups[-1].end() + number.startswith(")", groups[-1].end())
        return match[0][: -len(number)] + markers.of("phone", digits) + number[end:]

    return replacement


#: In this order: a key may hold what looks like an address, an address what looks like a number, a card what looks like a phone.
#: Rows without hints are for texts with many digits.
_KINDS: tuple[tuple[tuple[str, ...], re.Pattern[str], Callable[[_Markers], Callable[[re.Match[str]], str]]], ...] = (
    (("private key",), re.compile(_PRIVATE_KEY), _key),
    *((hints, re.compile(rf"(?<![0-9A-Za-z])(?:{pattern})"), _key) for hints, pattern in _KEYS),
    (("pass", "pwd", "secret", "token", "credential", "key"), re.compile(_NAMED), _key),
    (("key", "secret", "token"), re.compile(_HEXADECIMAL), _key),
    (("://",), re.compile(_LOGIN), _key),
    (("@",), _EMAIL, _email),
    ((), _DIGITS, _cards),
    ((), _PHONE, _phone),
    ((), _TOLD, _phone),
)
