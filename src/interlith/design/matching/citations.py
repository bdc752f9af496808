"""What should a user of a registry cite?"""

from interlith.model import Citation

ZUR = Citation(
    "zur1984",
    "Zur and McGill 1984, J. Appl. Phys. 55, 378",
    "@article{zur1984, author={Zur, A. and McGill, T. C.}, title={Lattice match: An application to heteroepitaxy}, "
    "journal={Journal of Applied Physics}, volume={55}, pages={378--386}, year={1984}, doi={10.1063/1.333084}}",
)
