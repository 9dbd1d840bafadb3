"""The prices that hold for a command: those of ddllm.yaml where there is one, over the catalogue's."""

from ddllm.pricing import Catalogue
from ddllm.settings import Settings, file_path, load_file


def catalogue_in_force() -> Catalogue:
    """Read the prices. Raises ConfigError for a ddllm.yaml that cannot be used: what a command says of money depends on it."""
    path = file_path(Settings.from_environ())
    return Catalogue() if path is None else Catalogue(load_file(path).prices)
