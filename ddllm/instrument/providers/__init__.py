"""Bytes that passed by -> facts. One package a provider; each reads its requests, answers and stream events."""
