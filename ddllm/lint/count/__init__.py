"""Counts, and what `.as_count()` does to them."""
