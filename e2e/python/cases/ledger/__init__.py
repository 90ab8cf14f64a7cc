"""Runs that share a ledger."""
