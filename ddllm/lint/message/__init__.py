"""Messages and their templates."""
