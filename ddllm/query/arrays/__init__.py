"""What a monitor's query gives at each of its evaluations, on arrays: all groups and all times at once.

    values_of(query, series_of, times)     -> the groups, and a value for each group and evaluation

Where Datadog publishes no algorithm (the bounds of anomalies) the result is an approximation, and `Values.is_approximate`
says so. Sources of the semantics: Datadog's documentation as cited at each function.
"""
