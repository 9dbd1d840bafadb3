"""From what the queue holds to DogStatsD metrics and span tags."""
