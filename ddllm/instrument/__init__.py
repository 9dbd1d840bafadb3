"""What runs inside the user's process, from the wrapped SDK call to the DogStatsD packet."""
