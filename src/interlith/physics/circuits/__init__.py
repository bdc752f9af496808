"""Equivalent circuits: their grammar, elements, impedance, fits and choice."""
