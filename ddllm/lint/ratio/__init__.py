"""Quotients: few calls, other groups, no data."""
