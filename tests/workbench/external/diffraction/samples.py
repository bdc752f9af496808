"""Tiny result files of Rietveld programs, written in the layout that each program prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Number = tuple[float, float | None]

_FORMATS = ("%12.6f", "%12.6f", "%12.6f", "%12.4f", "%12.4f", "%12.4f", "%12.3f")
_CELL = ("a", "b", "c", "alpha", "beta", "gamma", "Volume")


def banner() -> list[str]:
    """The first lines of a listing of GSAS-II."""
    return [
        80 * "*", "   General Structure Analysis System-II Crystal Structure Refinement",
        "              by Robert B. Von Dreele & Brian H. Toby", 80 * "*", " Least squares controls:",
        " Refinement type: analytic Hessian", "",
    ]  # fmt: skip


def cell_block(numbers: Sequence[Number]) -> list[str]:
    """Names, values and esds of a cell in columns of twelve; blank where an esd is none."""
    names, values, esds = "  names :", "  values:", "  esds  :"
    for name, shape, (value, std) in zip(_CELL, _FORMATS, numbers, strict=True):
        names += f"{name:>12}"
        values += shape % value
        esds += 12 * " " if std is None else shape % std
    return [" New unit cell:", names, values, esds]


def gsas2(
    histograms: Sequence[str], phases: Mapping[str, tuple[Sequence[Number], Number]], *, overall: float = 12.93,
    goodness: float = 2.15, strained: str = "",
) -> str:  # fmt: skip
    """A listing of one refinement: phases (cell and weight fraction), then each phase in each histogram, then histograms."""
    lines = [*banner(), " Refinement results:", 135 * "-"]
    lines += [f" wR = {overall:7.2f}%, chi**2 = {12345.6:12.6g}, GOF = {goodness:6.2f}", "", " Phases:"]
    for phase, (cell, _) in phases.items():
        lines += [f" Result for phase: {phase}", 135 * "=", *(cell_block(cell) if cell else [])]
    for phase, (_, (share, std)) in phases.items():
        for histogram in histograms:
            lines += [
                "", f" Phase: {phase} in histogram: {histogram}", 135 * "=",
                f" Final refinement RF, RF^2 = {3.21:.2f}%, {4.5:.2f}% on 87 reflections",
                f" Durbin-Watson statistic = {0.731:.3f}", " Bragg intensity sum = 1.2e+05",
                f" Phase fraction  : {1.5:10.5g}, sig {0.01:10.5g} Weight fraction  : {share:8.5f}, sig {std or 0:10.5f}",
                *([f"   resulting cell parameters: {strained}"] if strained else []),
            ]  # fmt: skip
    for count, histogram in enumerate(histograms):
        lines += [
            "", f" Histogram: {histogram} histogram Id: {count}", 135 * "=", " PWDR histogram weight factor = 1.000",
            f" Final refinement wR = {overall + count:.2f}% on 21000 observations in this histogram",
            f" Other residuals: R = 9.10%, R-bkg = 9.50%, wR-bkg = 12.93% wRmin = {overall / goodness:.2f}%",
        ]  # fmt: skip
    return "\n".join(lines) + "\n"


def gsas2_sequence(results: Mapping[str, tuple[float, float]]) -> str:
    """A listing of a sequence: wR (%) and goodness of fit of each histogram."""
    lines = banner()
    for count, (name, (weighted, goodness)) in enumerate(results.items()):
        lines += ["", f" Refinement results for histogram id {count}: {name}", 135 * "-"]
        lines += [" Number of function calls: 3 No. of observations: 20999 No. of parameters: 25 User rejected: 0"]
        lines += [f" wR = {weighted:7.2f}%, chi**2 = {54321.0:12.6g}, GOF = {goodness:6.2f}"]
    return "\n".join(lines) + "\n"


def fullprof(*, version: str = "8.40", fraction: str = "88.59( 2.25)") -> str:
    """An output of FullProf with two cycles, two phases and the table of refined parameters."""
    cycle = """\
 => ---------> Pattern#  1
 ==> RELIABILITY FACTORS WITH ALL NON-EXCLUDED POINTS FOR PATTERN:  1
 => Cycle: {number}  => MaxCycle: 20
 => Conventional Rietveld Rp,Rwp,Re and Chi2:   {all_points}
 ==> RELIABILITY FACTORS FOR POINTS WITH BRAGG CONTRIBUTIONS FOR PATTERN:  1
 => Conventional Rietveld Rp,Rwp,Re and Chi2:   9.99      9.99      9.99      9.990
"""
    return f"""\
        **********************************************************
        ** PROGRAM FullProf.2k (Version {version} - Feb2026-ILL JRC) **
        **********************************************************
 => PCR-file code: spinel
 => DAT-file code: scan_07.xye          -> Relative contribution: 1.0000
{cycle.format(number=1, all_points="30.1      40.2      6.06      44.00")}
{cycle.format(number=2, all_points="13.1      16.9      6.06      7.765")}
 SYMBOLIC NAMES AND FINAL VALUES AND SIGMA OF REFINED PARAMETERS:

    ->  Parameter number    1 :      Cell_A_ph1_pat1     8.1732456    ( +/-     0.21000000E-03 )
    ->  Parameter number    2 :      Cell_A_ph2_pat1     2.8804715    ( +/-     0.66740329E-04 )
    ->  Parameter number    3 :      Cell_C_ph2_pat1     14.210000    ( +/-     0.10000000E-02 )
    ->  Parameter number    4 :           Zero_pat1   -0.35518815E-02( +/-     0.32384731E-03 )

     BRAGG R-Factors and weight fractions for Pattern #  1
 => Phase:  1     LNMO spinel
 => Bragg R-factor:   28.0       Vol:  545.981( 0.042)  Fract(%):   {fraction}
 => Phase:  2     layered.cif
 => Bragg R-factor:   12.0       Vol:  102.110( 0.008)  Fract(%):   11.41(*****)
"""


SEQUENCE = """\
NEW_REFINEMENT       frame616
NUMPAR    13
N_PATT     1
NPHASE     2
GLOBAL_CHI_2      9.000000
       1         R_Bragg(%):     2.3198311         2.5157762
       1   Unit_Cell_Volume:     23.000000        0.95912709E-03
NEW_REFINEMENT       frame617
GLOBAL_CHI_2      0.561820
       1         R_Bragg(%):     2.3198311         2.5157762
       1   Unit_Cell_Volume:     23.899607        0.95912709E-03
       1    Weight_Fraction:     13.881724        0.16681060
       2    Weight_Fraction:     86.118271        0.61252558
       1     Cell_A_ph1_pat1     2.8804715        0.66740329E-04
       3           Zero_pat1   -0.35518815E-02    0.32384731E-03
NEW_REFINEMENT       frame616
GLOBAL_CHI_2      0.490000
       1     Cell_A_ph1_pat1     2.8800000        0.60000000E-04
"""
