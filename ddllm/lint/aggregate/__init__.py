"""How series and points become one number."""
