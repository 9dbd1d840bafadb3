"""The wheel, and an environment that holds it and what it declares to need, and nothing else; no network is asked."""

import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from tests.support.process import ROOT


def build(folder: Path) -> Path:
    """Build the wheel into a folder."""
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def install(wheel: Path, folder: Path) -> Path:
    """Make an environment with the wheel in it, installed by pip, and return its folder of scripts.

    What the wheel needs at run time is linked from where the tests run, so that a library that is used and not declared
    is missing there.
    """
    venv.create(folder, symlinks=True)
    scripts = folder / "bin"
    python = scripts / "python"
    for distribution in needed("ddllm"):
        _link(distribution, _site_packages(folder), python)
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(python),
        "install",
        "-qq",
        "--no-deps",
        "--no-index",
        str(wheel),
    ]
    subprocess.run(pip, check=True, capture_output=True)
    return scripts


def needed(name: str) -> list[metadata.Distribution]:
    """List what a distribution needs without extras, and what that needs in turn."""
    found: dict[str, metadata.Distribution] = {}
    waiting = list(_requirements(metadata.distribution(name), frozenset()))
    while waiting:
        requirement = waiting.pop()
        distribution = metadata.distribution(requirement.name)
        key = f"{distribution.name} {sorted(requirement.extras)}"
        if key not in found:
            found[key] = distribution
            waiting.extend(_requirements(distribution, frozenset(requirement.extras)))
    return list(found.values())


def _requirements(distribution: metadata.Distribution, extras: frozenset[str]) -> Iterator[Requirement]:
    for line in distribution.requires or ():
        requirement = Requirement(line)
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield requirement


def _site_packages(folder: Path) -> Path:
    return Path(sysconfig.get_path("purelib", "venv", {"base": str(folder), "platbase": str(folder)}))


def _link(distribution: metadata.Distribution, site_packages: Path, python: Path) -> None:
    for top in {file.parts[0] for file in distribution.files or ()} - {"..", "__pycache__"}:
        if not (site_packages / top).exists():
            (site_packages / top).symlink_to(str(distribution.locate_file(top)))
    for script in distribution.entry_points.select(group="console_scripts"):
        path = python.parent / script.name
        path.write_text(
            f"#!{python}\nimport sys\nfrom {script.module} import {script.attr}\nsys.exit({script.attr}())\n"
        )
        path.chmod(0o755)
