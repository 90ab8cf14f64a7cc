"""The replaced job's work, and the work of its operators."""
