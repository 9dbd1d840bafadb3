"""One file an SDK, each with `patch()`, `unpatch()`, `get_version()` and `supported_versions()`, as ddtrace's integrations have."""
