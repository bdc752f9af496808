"""What does `interlith demo` show? A bare and a coated LNMO cathode in half-cells, with known truth."""

from __future__ import annotations

from pathlib import Path

from interlith.physics.cell import Ageing
from interlith.simulate.recipes import Recipe, Spread
from interlith.simulate.study import Progress, simulate_study
from interlith.simulate.truth import Truth

BARE = Recipe(
    name="bare",
    ageing=Ageing(capacity_loss=1.0e-3, resistance_growth=5e-3, side_share=6e-3, first_side_share=0.15),
)
COATED = Recipe(
    name="C0.5La",
    parent="bare",
    steps=({"coat": "La", "dose": "0.5 at% of TM", "temperature": "750 degC", "hold": "1 h"},),
    specific_capacity=134.0,
    ageing=Ageing(capacity_loss=4.5e-4, resistance_growth=2e-3, side_share=3e-3, first_side_share=0.13),
)
PRIMARY = "{capacity_retention: {cycle: 200, at_least: +5 %}}   # the one declared endpoint"
CYCLES = 200
#: Cells of the demo by number: the second bare one was restarted, of the coated ones one lacks its mass, one is LANDT.
RESTARTED, LANDT_FILE, MISSING_MASS = 1, 4, 5


def write_demo(folder: str | Path, *, seed: int = 1, cycles: int = CYCLES, progress: Progress | None = None) -> Truth:
    """Write the demo study: bare against La-coated LNMO, three cells each, 200 cycles with slow check-ups.

    Parameters
    ----------
    folder
        Where the study is written.
    seed
        The same seed gives the same bytes.
    cycles
        Cycles of each cell; the endpoint of the study is the last.
    progress
        Called as ``progress(done, total, name)`` after each cell.

    Notes
    -----
    The numbers are chosen to look like such cells; they are not those of a published study.
    """
    return simulate_study(
        folder,
        variants=(BARE, COATED),
        cells_per_variant=3,
        cycles=cycles,
        seed=seed,
        cell_to_cell=Spread(),
        restarted=RESTARTED,
        missing_mass=MISSING_MASS,
        landt=LANDT_FILE,
        title="LNMO with a La wetting layer, simulated",
        primary=PRIMARY.replace("200", str(cycles)),
        progress=progress,
    )
