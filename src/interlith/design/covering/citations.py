"""What should a user of a coverage cite?"""

from __future__ import annotations

from interlith.design.covering.asking import Asked
from interlith.model import Citation

HERRING = Citation(
    "herring1951",
    "Herring 1951, Phys. Rev. 82, 87",
    "@article{herring1951, author={Herring, Conyers}, title={Some theorems on the free energies of crystal surfaces}, "
    "journal={Physical Review}, volume={82}, pages={87--93}, year={1951}, doi={10.1103/PhysRev.82.87}}",
)


def cited(asked: Asked) -> tuple[Citation, ...]:
    """The construction of Wulff, where it was used."""
    return (HERRING,) if asked.shape.axes == "structure" else ()
