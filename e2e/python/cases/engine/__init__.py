"""Runs that leave the rows to a Spark Connect server."""
