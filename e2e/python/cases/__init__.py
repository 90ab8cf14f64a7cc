"""The cases by room: each test is one case."""
