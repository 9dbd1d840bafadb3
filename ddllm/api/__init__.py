"""HTTP clients of the services that ddllm talks to: their oddities end here."""
