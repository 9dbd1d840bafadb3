"""Which series a query takes."""
