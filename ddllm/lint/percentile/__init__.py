"""Percentiles of distributions."""
