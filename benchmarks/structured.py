"""What a check of a format costs, beside what else could do it, in one run.

    python benchmarks/structured.py [--rounds 7] [--write]

Each round lets every contestant check every document in turn; the table has the medians, and how many times as long as ddllm
each took. Schemas and models are compiled before. A contestant that is not installed is left out. json_repair knows no schema:
it parses. `--write` puts the table into docs/quality.md.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from ddllm.quality import check_structured

ROW = {
    "type": "object",
    "required": ["id", "name", "price", "tags"],
    "properties": {
        "id": {"type": "integer", "minimum": 0},
        "name": {"type": "string", "maxLength": 80},
        "price": {"type": "number"},
        "tags": {"type": "array", "items": {"type": "string"}},
    },
    "additionalProperties": False,
}
SCHEMA = {"type": "array", "items": ROW}
DOCUMENTS = {"1 object": (1, 5000), "200 objects": (200, 60), "80,000 objects": (80_000, 1)}  # rows, checks a round


def document(rows: int) -> str:
    return json.dumps([{"id": n, "name": f"item {n}", "price": n * 1.25, "tags": ["a", "b"]} for n in range(rows)])


def contestants() -> dict[str, Callable[[str], bool]]:
    """Return what is installed, ready to tell whether a text keeps the schema."""
    found: dict[str, Callable[[str], bool]] = {"ddllm": lambda text: check_structured(text, SCHEMA).ok}
    try:
        from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

        class Row(BaseModel):
            model_config = ConfigDict(extra="forbid")
            id: int = Field(ge=0)
            name: str = Field(max_length=80)
            price: float
            tags: list[str]

        adapter = TypeAdapter(list[Row])
        found["pydantic"] = lambda text: len(adapter.validate_json(text)) > 0
    except ImportError:
        pass
    try:
        from jsonschema import Draft202012Validator

        validator = Draft202012Validator(SCHEMA)
        found["json + jsonschema"] = lambda text: validator.is_valid(json.loads(text))
    except ImportError:
        pass
    try:
        import json_repair

        found["json_repair (no schema)"] = lambda text: json_repair.loads(text) is not None
    except ImportError:
        pass
    return found


def measure(rounds: int) -> dict[str, dict[str, float]]:
    """Return µs a check, by contestant and document."""
    checks = contestants()
    times: dict[str, dict[str, list[float]]] = {name: {label: [] for label in DOCUMENTS} for name in checks}
    for label, (rows, count) in DOCUMENTS.items():
        text = document(rows)
        for number in range(rounds):
            names = list(checks)
            for name in names[number % len(names) :] + names[: number % len(names)]:
                check, some = checks[name], count if name != "json + jsonschema" else max(1, count // 20)
                began = time.perf_counter()
                for _ in range(some):
                    assert check(text)
                times[name][label].append((time.perf_counter() - began) / some * 1e6)
        print(label, f"{len(text):,} characters", file=sys.stderr)
    return {name: {label: statistics.median(some) for label, some in by.items()} for name, by in times.items()}


def table(result: dict[str, dict[str, float]]) -> str:
    ours = result["ddllm"]

    def cell(name: str, label: str) -> str:
        took = result[name][label]
        ratio = "" if name == "ddllm" else f" ({took / ours[label]:.1f})"
        return f"{took:,.0f} µs{ratio}" if took < 1e4 else f"{took / 1e3:,.0f} ms{ratio}"

    sizes = (f"{label}, {len(document(rows)) / 1e3:,.1f} kB" for label, (rows, _) in DOCUMENTS.items())
    lines = [f"| | {' | '.join(sizes)} |", "|---" * (len(DOCUMENTS) + 1) + "|"]
    lines += [f"| {name} | {' | '.join(cell(name, label) for label in DOCUMENTS)} |" for name in result]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--write", action="store_true", help="put the table into docs/quality.md")
    options = parser.parse_args()
    result = table(measure(options.rounds))
    print(result)
    if options.write:
        sys.path.insert(0, str(Path(__file__).parent))
        from publish import publish

        publish("structured", result, "quality.md")


if __name__ == "__main__":
    main()
