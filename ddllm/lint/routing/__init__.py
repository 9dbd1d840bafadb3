"""Who hears of a monitor."""
