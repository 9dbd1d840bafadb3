"""Settings of the application's process: Datadog's own variables first, then `DDLLM_*`, then an optional ddllm.yaml.

`Settings` is read from the environment once, at start-up, with the standard library alone. The file is for the worker:
`load_file` imports PyYAML (20 ms), so nothing on the application's thread calls it.
"""

from ddllm.settings.agent import statsd_address
from ddllm.settings.configuration import ExpectRule, FeatureRule, FileSettings, Price, Prices
from ddllm.settings.environ import VARIABLES, Capture, Settings, Variable, file_path
from ddllm.settings.file import load_file

__all__ = [
    "VARIABLES",
    "Capture",
    "ExpectRule",
    "FeatureRule",
    "FileSettings",
    "Price",
    "Prices",
    "Settings",
    "Variable",
    "file_path",
    "load_file",
    "statsd_address",
]
