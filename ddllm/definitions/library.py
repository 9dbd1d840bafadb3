"""The monitors and dashboards that ship with ddllm."""

from importlib.resources import files
from pathlib import Path

from ddllm.errors import ConfigError


def library_folder() -> Path:
    """Return the folder that holds the shipped monitors/ and dashboards/.

    In an installed wheel it is ddllm/library; a checkout that was installed editable holds them beside the package.
    """
    package = Path(str(files("ddllm")))
    for folder in (package / "library", package.parent):
        if (folder / "monitors" / "settings.yaml").is_file():
            return folder
    raise ConfigError("this installation of ddllm lacks its library of monitors", hint="Install the package again")
