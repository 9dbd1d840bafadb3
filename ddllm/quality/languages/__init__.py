"""The languages in which a refusal is known, one file each: its name is the ISO 639-1 code, its GRAMMAR says how one declines."""
