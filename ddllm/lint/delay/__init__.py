"""Metrics that arrive late."""
