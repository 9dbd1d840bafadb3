"""Groups, and what messages say of them."""
