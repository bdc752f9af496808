"""What should a user of a growth mode cite?"""

from interlith.model import Citation

BAUER = Citation(
    "bauer1958",
    "Bauer 1958, Z. Kristallogr. 110, 372",
    '@article{bauer1958, author={Bauer, Ernst}, title={Ph{\\"a}nomenologische Theorie der Kristallabscheidung an Oberfl{\\"a}chen I}, '
    'journal={Zeitschrift f{\\"u}r Kristallographie}, volume={110}, pages={372--394}, year={1958}, '
    "doi={10.1524/zkri.1958.110.1-6.372}}",
)
MATTHEWS = Citation(
    "matthews1974",
    "Matthews and Blakeslee 1974, J. Cryst. Growth 27, 118",
    "@article{matthews1974, author={Matthews, J. W. and Blakeslee, A. E.}, title={Defects in epitaxial multilayers: I. Misfit "
    "dislocations}, journal={Journal of Crystal Growth}, volume={27}, pages={118--125}, year={1974}, "
    "doi={10.1016/S0022-0248(74)80055-2}}",
)
PEOPLE = Citation(
    "people1985",
    "People and Bean 1985, Appl. Phys. Lett. 47, 322",
    "@article{people1985, author={People, R. and Bean, J. C.}, title={Calculation of critical layer thickness versus lattice "
    "mismatch for GexSi1-x/Si strained-layer heterostructures}, journal={Applied Physics Letters}, volume={47}, "
    "pages={322--324}, year={1985}, doi={10.1063/1.96206}}",
)
TERSOFF = Citation(
    "tersoff1994",
    "Tersoff and LeGoues 1994, Phys. Rev. Lett. 72, 3570",
    "@article{tersoff1994, author={Tersoff, J. and LeGoues, F. K.}, title={Competing relaxation mechanisms in strained layers}, "
    "journal={Physical Review Letters}, volume={72}, pages={3570--3573}, year={1994}, doi={10.1103/PhysRevLett.72.3570}}",
)
