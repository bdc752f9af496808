"""What should a user of a ranking of dopants cite?"""

from interlith.model import Citation

SHANNON = Citation(
    "shannon1976",
    "Shannon 1976, Acta Crystallogr. A 32, 751",
    "@article{shannon1976, author={Shannon, R. D.}, title={Revised effective ionic radii and systematic studies of interatomic "
    "distances in halides and chalcogenides}, journal={Acta Crystallographica Section A}, volume={32}, pages={751--767}, "
    "year={1976}, doi={10.1107/S0567739476001551}}",
)
BRICE = Citation(
    "brice1975",
    "Brice 1975, J. Cryst. Growth 28, 249",
    "@article{brice1975, author={Brice, J. C.}, title={Some thermodynamic aspects of the growth of strained crystals}, "
    "journal={Journal of Crystal Growth}, volume={28}, pages={249--253}, year={1975}, doi={10.1016/0022-0248(75)90241-9}}",
)
BLUNDY = Citation(
    "blundy1994",
    "Blundy and Wood 1994, Nature 372, 452",
    "@article{blundy1994, author={Blundy, Jonathan and Wood, Bernard}, title={Prediction of crystal-melt partition coefficients "
    "from elastic moduli}, journal={Nature}, volume={372}, pages={452--454}, year={1994}, doi={10.1038/372452a0}}",
)
GAGNE = Citation(
    "gagne2015",
    "Gagne and Hawthorne 2015, Acta Crystallogr. B 71, 562",
    "@article{gagne2015, author={Gagn{\\'e}, Olivier Charles and Hawthorne, Frank Christopher}, title={Comprehensive derivation "
    "of bond-valence parameters for ion pairs involving oxygen}, journal={Acta Crystallographica Section B}, volume={71}, "
    "pages={562--578}, year={2015}, doi={10.1107/S2052520615016297}}",
)
ADAMS = Citation(
    "adams2011",
    "Adams and Rao 2011, Phys. Status Solidi A 208, 1746",
    "@article{adams2011, author={Adams, Stefan and Rao, R. Prasada}, title={High power lithium ion battery materials by "
    "computational design}, journal={physica status solidi (a)}, volume={208}, pages={1746--1753}, year={2011}, "
    "doi={10.1002/pssa.201001116}}",
)
