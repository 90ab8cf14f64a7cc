"""The services that tests need, each a context manager."""
