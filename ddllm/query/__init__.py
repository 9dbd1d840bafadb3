"""Datadog's query language, and the series and recordings that queries are asked of.

    parse        the text of a query -> its tree: of widgets and formulas, and of monitors of every kind
    ast          what an expression is made of, and how it prints; `monitor` has what a monitor's query is made of
    explain      what a query computes and when it fires, in plain words
    reads        which metrics and tags a query reads
    evaluate     what a metric query answers, from series

`grammar.lark` is the grammar, `build` and `build_monitor` make nodes of it, `functions` lists what can be called, `slips` says in
words why a text cannot be read.
"""
