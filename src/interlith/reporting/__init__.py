"""How are results shown: figures, tables, one page?"""

from interlith.reporting.draw import draw, picture
from interlith.reporting.methods import Methods, methods
from interlith.reporting.numbers import with_uncertainty
from interlith.reporting.style import Style, style_for
from interlith.reporting.tables import figure_numbers, write_observables
from interlith.reporting.write import report, write_figures, write_report

__all__ = [
    "Methods",
    "Style",
    "draw",
    "figure_numbers",
    "methods",
    "picture",
    "report",
    "style_for",
    "with_uncertainty",
    "write_figures",
    "write_observables",
    "write_report",
]
