"""Will the next coating wet its host, how thick does it stay whole, and how large are the islands that follow?"""

from interlith.design.growing.verb import growth

__all__ = ["growth"]
