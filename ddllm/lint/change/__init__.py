"""Monitors that compare with an earlier time."""
