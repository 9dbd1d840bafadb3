"""What a metric history says: who spends the money, and what the metrics themselves cost. Pure, but for where it is asked."""
