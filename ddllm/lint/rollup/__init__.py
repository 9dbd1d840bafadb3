"""Buckets of time in monitors."""
