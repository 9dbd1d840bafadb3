"""Definition files: YAML that a user owns, read into typed definitions that know where every value was written."""
