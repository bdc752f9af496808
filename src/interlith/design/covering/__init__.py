"""How much of a coating is one monolayer on particles of a size, how thick is a dose, and which size does a threshold tell?"""

from interlith.design.covering.verb import coverage

__all__ = ["coverage"]
