"""Alerts on service level objectives."""
