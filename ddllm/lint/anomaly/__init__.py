"""Anomaly monitors, and the windows that they need."""
