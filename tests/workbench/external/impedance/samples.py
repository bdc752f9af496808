"""Tiny exports of impedance programs, written by hand in the layout of each."""

from __future__ import annotations

import json
from typing import Any

ZVIEW = """\
ZView Version 3.5
Element\tFreedom\tValue\tError\tError %
Rs\tFree(+)\t20.01\t0.12\t0.60
R1\tFree(+)\t100.2\t0.35\t0.35
CPE1-T\tFree(+)\t1.004E-5\t8.0E-8\t0.80
CPE1-P\tFree(+)\t0.8995\t0.0011\t0.12
Wo1-R\tFree(+)\t300.4\t2.5\t0.83
Wo1-T\tFree(+)\t1.52\t0.03\t1.97
Wo1-P\tFixed(X)\t0.5\tN/A\tN/A

Chi-Squared:\t0.00012
Weighted Sum of Squares:\t0.013

Data File:\tC:\\eis\\cell_3.z
Circuit Model File:\tC:\\models\\arc.mdl
Mode:\tRun Fitting / Selected Points (2 - 59)
Type of Weighting:\tCalc-Modulus
"""

ZVIEW_BATCH = """\
File Name\tChi-Sqr\tSum-Sqr\tR1(+)\tR1(Error)\tR1(Error%)\tR2(X)\tCPE1-T(+)\tCPE1-T(Error)\tCPE1-T(Error%)\tCPE1-P(+)\tCPE1-P(Error)
a.z\t1,1E-4\t0,012\t20,1\t0,2\t1,0\t50\t1,0E-5\t1E-7\t1,0\t0,90\t0,01
b.z\t1,3E-4\t0,015\t25,5\t0,3\t1,2\t50\t2,0E-5\t2E-7\t1,0\t0,85\t0,02
"""

RELAXIS = """\
RelaxIS 3.0 Fit result export
Date: 12/16/2025
File: (WE/RE Spectrum) cell_3.mpr_2
Model: R-I-(R)(P)-(R)(P)
Weighting: Proportional
Parameter\tValue\tError / %\tUnit
Resistance 1\t20.01\t0.60\tOhm
Inductance 1\t1.02E-6\t3.0\tH
Resistance 2\t100.2\t0.35\tOhm
CPE Q 1\t1.004E-5\t0.80\tF s^(a-1)
CPE Alpha 1\t0.8995\t0.12\t
Resistance 3\t300.4\t0.83\tOhm
CPE Q 2\t2.01E-3\t0.90\tF s^(a-1)
CPE Alpha 2\t0.851\t0\t
"""

PYIMPSPEC_CSV = """\
Element,Parameter,Value,Std. err. (%),Unit,Fixed
R_1,R,20.01,0.6,ohm,No
R_2,R,300.4,0.83,ohm,No
Q_1,Y,0.00201,0.9,S*s^n,No
Q_1,n,0.851,0.1,,No
W_1,Y,0.02,1.0,S*s^n,No
W_1,n,0.5,,,Yes
"""

PYIMPSPEC_MARKDOWN = """\
| Element   | Parameter   |    Value |   Std. err. (%) | Unit   | Fixed   |
|:----------|:------------|---------:|----------------:|:-------|:--------|
| R_1       | R           |  20.01   |             0.6 | ohm    | No      |
| C_1       | C           |  2.0e-06 |           nan   | F      | No      |

| Label                  | Value   |
|:-----------------------|:--------|
| Log pseudo chi-squared | -3.44   |
| Number of data points  | 120     |
| Weight                 | boukamp |
"""

KRAMERS_KRONIG = """\
Label,Value
Log pseudo chi-squared,-3.41
Number of RC elements,19.0
"SD of residuals, real (% of |Z|)",0.164
Estimated SD of Gaussian noise (% of |Z|),0.18
"""

DRTTOOLS = "L, 1.0e-07 \nR, 2.0e+01 \ntau, gamma(tau) \n1.0e+00, 5.0 \n1.0e-01, 20.0 \n1.0e-02, 8.0 \n1.0e-03, 1.0 \n"
DRTTOOLS_BAND = (
    "L, 0\nR, 20\ntau, MAP, Mean, Upperbound, Lowerbound\n"
    "0.001, 1, 1.1, 2, 0.5\n0.01, 8, 8.1, 9, 7\n0.1, 20, 20.1, 22, 18\n"
)


def impedance_py(
    circuit: str, parameters: list[float], confidence: list[float] | None, constants: dict[str, float] | None = None
) -> dict[str, Any]:
    """A circuit as impedance.py saves it."""
    return {
        "Name": None, "Circuit String": circuit, "Initial Guess": parameters, "Constants": constants or {}, "Fit": True,
        "Parameters": parameters, "Confidence": confidence,
    }  # fmt: skip


def project(
    frequency: list[float], impedance: list[complex], masked: tuple[int, ...], path: str, circuit: str,
    parameters: dict[str, dict[str, tuple[float, float | None]]],
) -> str:  # fmt: skip
    """A project of DearEIS with one spectrum, one fit, one distribution and one test."""
    mask = {str(k): True for k in masked}
    fit = {
        "circuit": circuit, "mask": mask, "weight": 5, "settings": {"weight": 1}, "pseudo_chisqr": 1e-4, "chisqr": 1e-3,
        "parameters": {
            element: {
                name: {"value": value, "stderr": error, "fixed": error is None, "unit": ""}
                for name, (value, error) in rows.items()
            }
            for element, rows in parameters.items()
        },
    }  # fmt: skip
    drt = {
        "time_constants": [0.1, 0.01, 0.001], "real_gammas": [1.0, 5.0, 2.0], "lower_bounds": [0.5, 4.0, 1.0],
        "upper_bounds": [0.5, 4.0, 1.0], "mask": mask, "lambda_value": 1e-3,
    }  # fmt: skip
    test = {"real_residuals": [0.01, -0.01], "imaginary_residuals": [0.01, -0.01], "mask": mask}
    return json.dumps({
        "version": 6, "simulations": [],
        "data_sets": [{
            "uuid": "ab", "label": "cell", "path": path, "mask": mask, "frequencies": frequency,
            "real_impedances": [z.real for z in impedance], "imaginary_impedances": [z.imag for z in impedance],
        }],
        "fits": {"ab": [fit]}, "drts": {"ab": [drt]}, "tests": {"ab": [test]},
    })  # fmt: skip
