"""How well the approximated anomaly algorithms find labelled anomalies, beside a z-score and statsmodels' STL.

    python benchmarks/anomalies.py FOLDER [--bounds 3] [--write]

FOLDER holds series of the Numenta Anomaly Benchmark (github.com/numenta/NAB, MIT): `*.csv.gz` of `t,value`, and `windows.json`,
which says for each its step and its labelled windows. The first 15 % of a series is history. All contestants see the past
alone, but for STL, which is fitted to the whole series and so knows what comes: it is what an offline analysis would give.

An alarm begins where half of the points of an hour lie outside of the band. One that begins inside a labelled window, or within
the hour before, is right; a window in which one begins is found. `--write` puts the table into docs/performance.md.
"""

import argparse
import csv
import gzip
import json
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.publish import publish
from ddllm.query.arrays.anomalies import Settings, band
from ddllm.query.arrays.frame import Axis, Frame
from ddllm.query.arrays.sliding import aggregate

DAY = 86_400
HOUR = 3600
HISTORY = 0.15
SHARE = 0.5


def series(folder: Path) -> Iterator[tuple[str, Frame, list[list[int]]]]:
    """Yield name, values and labelled windows of each series."""
    labels: Mapping[str, Any] = json.loads((folder / "windows.json").read_text())
    for name, about in labels.items():
        with gzip.open(folder / name, "rt") as file:
            rows = [(int(row["t"]), float(row["value"])) for row in csv.DictReader(file)]
        step = int(about["step_s"])
        start = rows[0][0] // step * step
        values = np.full((rows[-1][0] - start) // step + 1, np.nan)
        for at, value in rows:
            values[(at - start) // step] = value
        axis = Axis(start, step, len(values))
        yield name.partition("__")[2].partition(".")[0], Frame(axis, (), ((),), values[None, :]), about["windows"]


def of_band(algorithm: str) -> Callable[[Frame, float], np.ndarray]:
    """Return a contestant: one of ours."""

    def outside(frame: Frame, bounds: float) -> np.ndarray:
        settings = Settings(algorithm, bounds, "both", HOUR, frame.axis.step, DAY, zero_default=False)
        return band(frame, settings).outside("both")[0]

    return outside


def z_score(frame: Frame, bounds: float) -> np.ndarray:
    """Return what lies further from the mean of the day before than some of its standard deviations."""
    row = frame.values[0]
    size = DAY // frame.axis.step
    ends = np.arange(len(row))
    begins = np.maximum(ends - size, 0)
    mean = aggregate("avg", frame.values, begins, ends)[0]
    spread = np.sqrt(np.maximum(aggregate("avg", frame.values**2, begins, ends)[0] - mean**2, 0))
    return np.where(np.isnan(row) | np.isnan(mean), np.nan, (np.abs(row - mean) > bounds * spread).astype(float))


def stl(frame: Frame, bounds: float) -> np.ndarray:
    """Return what lies far from trend and season, fitted to the whole series."""
    from statsmodels.tsa.seasonal import STL

    row = frame.values[0]
    places = np.arange(len(row))
    there = ~np.isnan(row)
    filled = np.interp(places, places[there], row[there])
    rest = STL(filled, period=DAY // frame.axis.step, robust=True).fit().resid
    scale = 1.4826 * np.median(np.abs(rest))
    return np.where(there, (np.abs(rest) > bounds * scale).astype(float), np.nan)


CONTESTANTS = {
    "basic": of_band("basic"),
    "agile": of_band("agile"),
    "robust": of_band("robust"),
    "z-score of a day": z_score,
    "STL, fitted afterwards": stl,
}


def alarms(outside: np.ndarray, axis: Axis) -> np.ndarray:
    """Return the times at which an alarm begins."""
    ends = np.arange(1, len(outside) + 1)
    share = aggregate("avg", outside[None, :], np.maximum(ends - max(1, HOUR // axis.step), 0), ends)[0]
    on = np.nan_to_num(share) >= SHARE
    begins = on & ~np.concatenate([[False], on[:-1]])
    begins[: int(HISTORY * len(on))] = False
    return axis.times[begins]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--bounds", type=float, default=3)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore", category=RuntimeWarning)
    held = list(series(arguments.folder))
    days = sum(frame.axis.count * frame.axis.step * (1 - HISTORY) for _, frame, _ in held) / DAY
    lines = [
        "| algorithm | windows found | recall | alarms that are right | precision | false alarms a week |",
        "|---|---|---|---|---|---|",
    ]
    for name, contestant in CONTESTANTS.items():
        found = windows = right = wrong = 0
        for _, frame, labelled in held:
            begins = alarms(contestant(frame, arguments.bounds), frame.axis)
            inside = [np.array([start - HOUR <= at <= end for at in begins], bool) for start, end in labelled]
            any_inside = np.logical_or.reduce(inside) if inside else np.zeros(len(begins), bool)
            found += sum(bool(each.any()) for each in inside)
            windows += len(labelled)
            right += int(any_inside.sum())
            wrong += int((~any_inside).sum())
        precision = right / (right + wrong) if right + wrong else 0
        lines.append(
            f"| {name} | {found} of {windows} | {found / windows:.2f} | {right} of {right + wrong} | {precision:.2f} | {wrong / days * 7:.1f} |"
        )
    intro = f"{len(held)} series of the Numenta Anomaly Benchmark, {days:.0f} days after their history; bounds of {arguments.bounds:g}, one setting for all."
    print("\n".join([intro, "", *lines]))
    if arguments.write:
        publish("anomalies", "\n".join([intro, "", *lines]))


if __name__ == "__main__":
    main()
