"""Numbers certified by others, in extended precision, met by our own."""
