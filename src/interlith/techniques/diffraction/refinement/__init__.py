"""Structures refined against whole patterns, one or a series."""
