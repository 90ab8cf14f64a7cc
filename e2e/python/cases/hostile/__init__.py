"""Input, settings and neighbours that are meant to harm a run."""
