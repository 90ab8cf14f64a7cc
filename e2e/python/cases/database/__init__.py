"""Databases of the profile."""
