"""How well and how fast refusals are told from answers, beside the lists that are commonly used for it.

    python benchmarks/refusals.py [--data ../shared/data/refusals/dev.jsonl.gz] [--rounds 5] [--write]

The data is a file of labelled texts, one JSON object a line with `text`, `label` (refusal, answer), `lang`, `source` and, for refusals,
`form`. A refusal of the form `implicit`, which never says that it declines, is left out. Detectors judge the same texts in turn, in one
process, after a first pass that compiles patterns; a time is the best of the rounds. `--write` puts the tables into docs/quality.md.
"""

import argparse
import gzip
import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from publish import publish

from ddllm.quality import detect_refusal

CURLY = "\N{RIGHT SINGLE QUOTATION MARK}"
ROOT = Path(__file__).resolve().parent.parent
Row = dict[str, str]

#: How most refusals begin, as a list that somebody writes in an afternoon.
BEGINNINGS = (
    "i'm sorry", "i am sorry", "sorry", "i apologize", "i can't", "i cannot", "i'm unable", "i am unable", "i'm not able", "i am not able",
    "i won't", "i will not", "as an ai", "as a language model", "unfortunately", "i must decline", "no,", "it is not appropriate",
)  # fmt: skip
#: Words of declines, wherever they stand.
ANYWHERE = (
    "i'm sorry", "i apologize", "i can't", "i cannot", "i'm unable", "i am unable", "not able to", "i won't", "i will not", "i'm not comfortable",
    "decline", "against my", "my guidelines", "not appropriate", "unethical", "illegal", "cannot assist", "can't assist", "can't help",
)  # fmt: skip


def begins(text: str) -> bool:
    return text.lstrip().lower().replace(CURLY, "'").startswith(BEGINNINGS)


def holds(text: str) -> bool:
    text = text.lower().replace(CURLY, "'")
    return any(phrase in text for phrase in ANYWHERE)


def judged(text: str) -> bool:
    return detect_refusal(text) is not None


DETECTORS: dict[str, Callable[[str], bool]] = {
    "ddllm": judged,
    f"{len(BEGINNINGS)} beginnings": begins,
    f"{len(ANYWHERE)} phrases anywhere": holds,
}


class Score(NamedTuple):
    """Counts of one detector on some texts."""

    found: int
    missed: int
    wrong: int
    left: int

    @classmethod
    def of(cls, detector: Callable[[str], bool], rows: Iterable[Row]) -> "Score":
        counts = {(said, true): 0 for said in (False, True) for true in (False, True)}
        for row in rows:
            counts[detector(row["text"]), row["label"] == "refusal"] += 1
        return cls(counts[True, True], counts[False, True], counts[True, False], counts[False, False])

    def cells(self) -> list[str]:
        precision = self.found / max(1, self.found + self.wrong)
        recall = self.found / max(1, self.found + self.missed)
        f1 = 2 * self.found / max(1, 2 * self.found + self.wrong + self.missed)
        return [
            f"{precision:.3f}",
            f"{recall:.3f}",
            f"{f1:.3f}",
            f"{100 * self.wrong / max(1, self.wrong + self.left):.1f} %",
        ]


def microseconds(detector: Callable[[str], bool], texts: list[str]) -> float:
    start = time.process_time()
    for text in texts:
        detector(text)
    return 1e6 * (time.process_time() - start) / len(texts)


def table(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data" / "refusals" / "dev.jsonl.gz")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="put the tables into docs/quality.md")
    options = parser.parse_args()
    everything = [json.loads(line) for line in gzip.decompress(options.data.read_bytes()).splitlines()]
    rows = [row for row in everything if row.get("form") != "implicit"]
    texts = [row["text"] for row in rows]
    answers = [row["text"] for row in rows if row["label"] == "answer"]

    scores = {name: Score.of(detector, rows) for name, detector in DETECTORS.items()}
    times = {name: [1e9, 1e9] for name in DETECTORS}
    for _ in range(options.rounds):
        for name, detector in DETECTORS.items():
            times[name] = [
                min(times[name][0], microseconds(detector, texts)),
                min(times[name][1], microseconds(detector, answers)),
            ]
    compared = table(
        ["detector", "precision", "recall", "F1", "false positives", "µs a text", "µs an answer"],
        [[name, *scores[name].cells(), *(f"{one:.1f}" for one in times[name])] for name in DETECTORS],
    )
    groups = sorted({(row["source"], row["lang"]) for row in rows})
    parts = {group: [row for row in rows if (row["source"], row["lang"]) == group] for group in groups}
    split = table(
        ["source", "language", "refusals", "answers", "precision", "recall", "F1", "false positives"],
        [
            [source, lang, str(score.found + score.missed), str(score.wrong + score.left), *score.cells()]
            for (source, lang), score in ((group, Score.of(judged, part)) for group, part in parts.items())
        ],
    )
    body = f"{len(texts)} texts, of which {len(answers)} are answers:\n\n{compared}\n\nddllm by source and language:\n\n{split}"
    print(body)
    if options.write:
        publish("refusals", body, "quality.md")


if __name__ == "__main__":
    main()
