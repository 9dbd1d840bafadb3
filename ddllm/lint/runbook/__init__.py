"""What somebody who is woken finds to read."""
