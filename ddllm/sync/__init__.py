"""Makes a Datadog organisation equal to the definitions: reads, plans, has the plan validated, and only then writes.

The engine knows no kind of object by name. What is peculiar to a kind stands in its file under resources/.
"""
