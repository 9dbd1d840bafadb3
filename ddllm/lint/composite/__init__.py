"""Monitors made of monitors."""
