"""What gives another answer each time."""
