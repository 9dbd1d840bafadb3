"""Thresholds, and whether they can be reached."""
