"""Finds what Datadog takes without a word and what then never fires, always fires, or means something else.

A rule is a file: `lint/count/not_sum.py` is the rule `count/not-sum`. Its docstring is its documentation, with an example that
it finds and one that it does not; `SEVERITY` says how bad it is, and `check` yields what it finds in one query.
"""
