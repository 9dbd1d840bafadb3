"""Texts that people labelled: `refusals/LANGUAGE.txt`, one text a line as `refusal|TEXT` or `answer|TEXT`, line breaks as `\\n`."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent / "refusals"


class Labelled(NamedTuple):
    lang: str
    is_refusal: bool
    text: str


def languages() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.txt"))


def labelled(lang: str) -> Iterator[Labelled]:
    for line in (FOLDER / f"{lang}.txt").read_text("utf-8").splitlines():
        label, _, text = line.partition("|")
        assert label in ("refusal", "answer"), line
        yield Labelled(lang, label == "refusal", text.replace("\\n", "\n"))


def everything() -> list[Labelled]:
    return [one for lang in languages() for one in labelled(lang)]
