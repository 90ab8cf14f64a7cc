"""Programs that are started by hand or by make."""
