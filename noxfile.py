"""`make test-matrix`: the tests of what runs in a user's process, against the oldest and the newest of what it runs with."""

import nox

nox.needs_version = ">=2024.10.9"
nox.options.envdir = ".venv-matrix"
nox.options.reuse_existing_virtualenvs = True
nox.options.stop_on_first_error = False

#: What runs inside a user's process; the command line does not depend on these versions.
RUNTIME_TESTS = (
    "tests/unit/instrument",
    "tests/e2e/transparency",
    "tests/e2e/test_startup.py",
    "tests/e2e/test_signals.py",
    "tests/e2e/test_people.py",
    "tests/replay",
)

#: One environment each: its name and what is pinned in it. `boto3` is the oldest that pyproject.toml declares.
VERSIONS = {
    "ddtrace-2.21": ("ddtrace==2.21.*",),
    "ddtrace-3.19": ("ddtrace==3.19.*",),
    "ddtrace-4.0": ("ddtrace==4.0.*",),
    "ddtrace-4.8": ("ddtrace==4.8.*",),
    "ddtrace-newest": ("ddtrace",),
    "boto3-oldest": ("boto3==1.37.24", "botocore==1.37.24"),
}


@nox.session
@nox.parametrize("pinned", [nox.param(pins, id=name) for name, pins in VERSIONS.items()])
def runtime(session: nox.Session, pinned: tuple[str, ...]) -> None:
    """Run the runtime's tests with the pinned versions."""
    session.install("-qq", "--no-compile", "--upgrade", "--editable", ".[dev]", *pinned)
    session.run("pytest", "-n", "auto", "--dist", "loadgroup", *(session.posargs or RUNTIME_TESTS))
