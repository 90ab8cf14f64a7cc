"""Lineage, traces and metrics of runs."""
