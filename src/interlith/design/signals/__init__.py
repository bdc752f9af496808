"""Would one see the coating: in electron yield, in photoelectron lines, while the surface is etched away?"""

from interlith.design.signals.overlayers import overlayer
from interlith.design.signals.profiles import sputter_profile
from interlith.design.signals.yields import electron_yield

__all__ = ["electron_yield", "overlayer", "sputter_profile"]
