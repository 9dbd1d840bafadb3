"""Functions: their names, arguments, and where Datadog takes them."""
