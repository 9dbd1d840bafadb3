"""Configuration of gunicorn: each worker that is ready to be told to stop writes a byte to READY."""

import os
from typing import Any


def post_worker_init(_: Any) -> None:
    os.write(int(os.environ["READY"]), b".")
