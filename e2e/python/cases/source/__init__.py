"""Files of the source, and the rights to read them."""
