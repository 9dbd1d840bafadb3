"""Datadog's metric queries, and the series and recordings that they are asked of.

`parse` makes a tree of a query's text, `ast` says what it is made of and prints it, `evaluate` answers it from series.
"""
