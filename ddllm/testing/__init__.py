"""Tests of monitors: data from a notation, monitors run over it, and what came of it held against what was expected."""
