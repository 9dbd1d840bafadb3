"""What a monitor does when nothing arrives."""
