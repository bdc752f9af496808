"""Is a spectrum one of a linear, causal and stable system, and how noisy is it?"""

from interlith.numerics.kramers_kronig.check import Check, Settings, kramers_kronig

__all__ = ["Check", "Settings", "kramers_kronig"]
