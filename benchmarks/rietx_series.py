"""Patterns of one series by rietx: run by the Python of another environment; the case comes in as JSON, residuals go out as JSON."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any


def refined(case: dict[str, Any]) -> list[dict[str, Any]]:
    """The first patterns, each by itself, by the worked default of its manual with atoms refined."""
    import rietx as rx

    folder = Path(case["folder"])
    out = []
    for file in sorted(folder.glob("*.fxye"))[: case["patterns"]]:
        began = time.process_time()
        try:
            data = rx.read_pattern(str(file))
            parts = [rx.Structure.from_cif(str(folder / name)) for name in ("CuCr2O4.cif", "CuO.cif")]
            structure = rx.Structure(phases=[phase for part in parts for phase in part.phases])
            instrument = rx.read_gsas_prm(str(next(folder.glob("*.prm"))))
            limits = tuple(case["limits"])
            instrument.background = rx.auto_background(data, kind="chebyshev", two_theta_limits=limits).background
            refinement = rx.Refinement(structure, instrument, history=False)
            result = refinement.fit(data, plan="mccusker_structural", two_theta_limits=limits)
            statistics = result.statistics
            out.append(
                {
                    "name": file.stem, "r_wp": statistics.rwp, "status": str(result.status),
                    "names": getattr(statistics, "n_parameters", getattr(statistics, "n_params", 0)), "cpu": time.process_time() - began,
                }
            )  # fmt: skip
        except Exception as error:
            out.append({"name": file.stem, "error": f"{type(error).__name__}: {error}"[:200]})
    return out


def main() -> None:
    """Read the case, write what was found."""
    json.dump(refined(json.load(sys.stdin)), sys.stdout)


if __name__ == "__main__":
    main()
