"""What follows from observables, and how sure is it?"""

from interlith.evidence.audits import audit, list_claims
from interlith.evidence.contrasts import compare
from interlith.evidence.equivalence import equivalent
from interlith.evidence.power import CellsNeeded, cells_for_power

__all__ = ["CellsNeeded", "audit", "cells_for_power", "compare", "equivalent", "list_claims"]
