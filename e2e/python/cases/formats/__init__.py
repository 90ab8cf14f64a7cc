"""Formats and dialects of source files, by small inputs whose rows are known."""
