"""Metrics and their tags, held against the catalogue."""
