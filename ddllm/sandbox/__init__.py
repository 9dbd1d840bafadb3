"""A local stand-in for what cannot be reached from a fresh machine, with real clients on every wire.

`agent` receives DogStatsD, `traces` takes ddtrace's traces. Nothing here shares code with what asks it, and nothing here
is loaded inside a user's process.
"""
