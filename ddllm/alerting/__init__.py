"""What a monitor does with the values of its query: its states over time, whom it tells, and what it says."""
