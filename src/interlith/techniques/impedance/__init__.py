"""Impedance: from spectra to resistances, time constants and conductivities, and what they rest on."""
