"""Where do two plane lattices meet: superlattices, and all maps that carry one onto the other within a strain?"""

from interlith.numerics.coincidence.circles import Circles
from interlith.numerics.coincidence.lattices import (
    gauss_reduced,
    hermite_forms,
    hermite_normal,
    point_group,
    representatives,
    sum_lattice,
)
from interlith.numerics.coincidence.search import MOST_STRAIN, Coincidences, coincidences
from interlith.numerics.coincidence.sublattices import multiples, whole_multiple, whole_vectors

__all__ = [
    "MOST_STRAIN",
    "Circles",
    "Coincidences",
    "coincidences",
    "gauss_reduced",
    "hermite_forms",
    "hermite_normal",
    "multiples",
    "point_group",
    "representatives",
    "sum_lattice",
    "whole_multiple",
    "whole_vectors",
]
