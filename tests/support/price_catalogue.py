"""A second price catalogue to compare ours with: litellm's, of the version that the dependency group `prices` pins.

`python -m tests.support.price_catalogue` fetches it once into .cache/, which is not part of the repository: of a package of
some 40 MB only the prices of Bedrock's models are kept. Tests that need them are skipped where they are missing.
"""

import json
import re
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from ddllm.call import Usage

ROOT = Path(__file__).parents[2]
_STEP = re.compile(r"input_cost_per_token_above_(\d+)k_tokens")


def pinned() -> str:
    """Return the version that is compared with."""
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["dependency-groups"]
    return str(next(each for each in groups["prices"] if each.startswith("litellm==")).partition("==")[2])


def file() -> Path:
    """Return where the prices are kept."""
    return ROOT / ".cache" / f"litellm-{pinned()}" / "bedrock.json"


def fetch() -> None:
    """Download the package and keep Bedrock's prices. Does nothing where that is done."""
    kept = file()
    if kept.exists():
        return
    with tempfile.TemporaryDirectory() as folder:
        download = [
            "download",
            "--quiet",
            "--timeout=20",
            "--retries=1",
            "--no-deps",
            "--only-binary=:all:",
            "--platform=manylinux_2_28_x86_64",  # nothing of it runs: any platform's will do
            "--python-version=3.12",
            f"--dest={folder}",
            f"litellm=={pinned()}",
        ]
        subprocess.run([sys.executable, "-m", "pip", *download], check=True)
        [archive] = Path(folder).glob("*.whl")
        with zipfile.ZipFile(archive) as files:
            [name] = [each for each in files.namelist() if re.fullmatch(r"litellm/model_prices\w*\.json", each)]
            models = json.loads(files.read(name))
    bedrock = {key: entry for key, entry in models.items() if entry.get("litellm_provider") in _PROVIDERS}
    kept.parent.mkdir(parents=True, exist_ok=True)
    part = kept.with_suffix(".part")
    part.write_text(json.dumps(bedrock))
    part.replace(kept)


_PROVIDERS = {"bedrock", "bedrock_converse"}


@cache
def models() -> dict[str, dict[str, Any]]:
    """Return the entries of text models and embeddings by Bedrock's own ids; entries of one region alone are left out."""
    if not file().exists():
        pytest.skip(f"{file().name} is not there; `python -m tests.support.price_catalogue` fetches it")
    entries = json.loads(file().read_text())
    return {
        key: entry
        for key, entry in entries.items()
        if "/" not in key and "input_cost_per_token" in entry and entry.get("mode") in {"chat", "embedding"}
    }


def price(model_id: str, usage: Usage) -> float | None:
    """Price a call by the second catalogue's figures; None where it has none."""
    entry = models().get(model_id.rpartition("/")[2] if _names_a_model(model_id) else model_id)
    if entry is None:
        return None
    sent, made, read = usage.input or 0, usage.output or 0, usage.cache_read or 0
    written, hour = usage.cache_write or 0, usage.cache_write_1h or 0
    starts = sorted(int(found[1]) for key in entry if (found := _STEP.fullmatch(key)))
    reached = [start for start in starts if sent > start * 1000]
    suffix = f"_above_{reached[-1]}k_tokens" if reached else ""

    def rate(name: str) -> float | None:
        found = entry.get(name + suffix)
        return entry.get(name) if found is None else found

    plain = rate("input_cost_per_token")
    parts = (
        (sent - read - written, plain),
        (made, rate("output_cost_per_token")),
        (read, rate("cache_read_input_token_cost") or plain),
        (written - hour, rate("cache_creation_input_token_cost") or plain),
        (hour, rate("cache_creation_input_token_cost_above_1hr")),
    )
    if any(count and each is None for count, each in parts):
        return None
    return sum(count * (each or 0.0) for count, each in parts)


def _names_a_model(model_id: str) -> bool:
    return ":foundation-model/" in model_id or ":inference-profile/" in model_id


if __name__ == "__main__":
    try:
        fetch()
    except (OSError, subprocess.CalledProcessError):
        sys.stderr.write("The second price catalogue could not be fetched: the tests that need it are skipped\n")
