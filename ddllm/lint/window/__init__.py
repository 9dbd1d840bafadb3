"""Windows: how long, and how often they are looked at."""
