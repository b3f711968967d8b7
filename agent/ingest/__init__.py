"""Results -> checked -> observed."""
