"""What the numbers say: comparisons of models."""
