"""Published files as other readers see them."""
