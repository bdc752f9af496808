"""Weight fractions by rietx: run by the Python of another environment; patterns and CIFs come in as JSON, shares go out as JSON."""

from __future__ import annotations

import json
import sys
import time
from typing import Any


def shares(case: dict[str, Any]) -> dict[str, Any]:
    """One pattern as the worked default of its manual has it: automatic background, widths from peaks, a staged plan."""
    import numpy as np
    import rietx as rx

    began, wall = time.process_time(), time.perf_counter()
    data = rx.read_pattern(case["pattern"])
    parts = [rx.Structure.from_cif(path) for path in case["cifs"]]
    structure = rx.Structure(phases=[phase for part in parts for phase in part.phases])
    instrument = rx.Instrument.bragg_brentano(
        radiation="CuKa", goniometer_radius_mm=case["radius"], monochromator_two_theta=case["monochromator"]
    )
    limits = (max(case["low"], float(np.min(data.two_theta))), float(np.max(data.two_theta)))
    instrument.background = rx.auto_background(data, kind="chebyshev", two_theta_limits=limits).background
    strong = sorted(rx.pick_peaks(data, instrument).peaks, key=lambda peak: -peak.intensity)[:12]
    width = float(np.median([peak.fwhm for peak in strong]))
    instrument.profile.w.value, instrument.profile.x.value = (0.6 * width) ** 2, 0.6 * width
    refinement = rx.Refinement(structure, instrument, history=False)
    result = refinement.fit(data, plan=case["plan"], two_theta_limits=limits)
    found = [] if result.qpa is None else result.qpa.phases
    return {
        "name": case["name"],
        "shares": [one.weight_fraction for one in found],
        "std": [one.weight_fraction_stderr for one in found],
        "r_wp": result.statistics.rwp,
        "status": result.status,
        "cpu": time.process_time() - began,
        "wall": time.perf_counter() - wall,
    }


def main() -> None:
    """Read cases, write what was found; a case that fails says why."""
    out = []
    for case in json.load(sys.stdin):
        try:
            out.append(shares(case))
        except Exception as error:
            out.append({"name": case["name"], "error": f"{type(error).__name__}: {error}"[:200]})
    json.dump(out, sys.stdout)


if __name__ == "__main__":
    main()
