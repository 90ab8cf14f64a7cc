"""The pages of docs/ that are walked through."""
