"""Every real pattern: read, instrument, weights and the start of a background, or a sentence that says why not."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from numpy.polynomial.chebyshev import chebval

import interlith as il
from interlith.errors import InterlithError
from interlith.numerics.background_terms import wanted_terms
from interlith.numerics.backgrounds import chebyshev_start
from interlith.techniques.diffraction.instruments import known_instrument
from interlith.techniques.diffraction.survey import look
from interlith.techniques.diffraction.weights import weights_of

#: Folders of the real files that hold patterns.
FOLDERS = (
    "diffraction/cpd_roundrobin", "diffraction/cw_garnet", "diffraction/easydiff", "diffraction/operando_licov", "diffraction/pbso4",
    "diffraction/seq_CuCr2O4_11bm", "diffraction/tof_nac_powgen", "diffraction/tof_vulcan_seq", "diffraction/vendor_raw",
    "realsets/insitu_heating_17bm", "realsets/licoo2", "realsets/qxrd_dara", "realsets/xrd_repeat",
)  # fmt: skip
#: No patterns: structures, instruments, tables beside them.
OTHERS = {".cif", ".prm", ".instprm", ".tsv", ".csv", ".metadata"}
#: What has to be said where the files say no wavelength.
SAID: dict[str, dict[str, object]] = {
    "cpd_roundrobin": {"source": "Cu"}, "cw_garnet": {"source": "inst_d1a.prm"}, "hrpt.xye": {"source": "neutron", "wavelength": 1.494},
    "PBSO4.XRA": {"source": "INST_XRY.PRM"}, "control_pxrd": {"source": "Cu"}, "LiCoO2.dat": {"source": "Cu"},
    "xye_001_192.tar.gz": {"source": "synchrotron", "wavelength": 0.2411},
}  # fmt: skip


def outcome(path: Path, folder: str, *, frames: int = 3) -> tuple[str, str]:
    """``works`` or ``refused``, and what was found, of the first patterns of a file."""
    try:
        item = il.read(path)
        patterns = list(look(item))
        assert patterns, "it was read and holds no pattern"
        if patterns[0].axis != "two_theta":
            return "refused", f"over {patterns[0].axis}"
        said = next((one for part, one in SAID.items() if part in (folder, path.name, path.parent.name)), {})
        known = known_instrument(
            said.get("source"), item.original_metadata, wavelength=said.get("wavelength"), folder=path.parent  # type: ignore[arg-type]
        )  # fmt: skip
    except InterlithError as error:
        return "refused", str(error)
    one = known.instrument
    assert all(
        map(math.isfinite, (*one.wavelengths, one.ratio, one.polarisation, *one.gauss, *one.lorentz, known.zero))
    )
    words = ""
    for pattern in patterns[:frames]:
        weights = weights_of(pattern.intensity, pattern.std)
        rising = np.concatenate([[True], np.diff(pattern.position) > 0])
        used = weights.used & rising
        if used.sum() < 8:
            continue
        x, y, std = pattern.position[used], pattern.intensity[used], weights.std[used]
        level = chebval((2 * x - x[0] - x[-1]) / (x[-1] - x[0]), chebyshev_start(x, y, std, 8))
        below = np.mean(y < level)
        assert np.all(np.isfinite(level))
        # A background has points on both sides, far fewer below it where there are peaks.
        assert 0.005 < below < 0.7, f"{path.name}: {below:.2f} of the points lie below the background"
        count = wanted_terms(x, y, std).best.count
        words = f"{weights.basis}, one count {weights.factor:.3g}, {used.sum()} of {used.size} points, {below:.2f} below, {count} polynomials"
    return "works", f"{one.radiation} {one.wavelengths}, {len(known.assumed)} assumed; {words}"


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_pattern_works_or_says_why_not(folder: str, data_folder: Path) -> None:
    where = data_folder / folder
    files = sorted(path for path in where.rglob("*") if path.is_file())
    patterns = [path for path in files if path.suffix.lower() not in OTHERS or path.name == "d1a.cif"]
    assert patterns, f"{where} holds no pattern"
    # A hundred patterns of one series differ little.
    chosen = patterns[:: max(1, len(patterns) // 8)]
    found = {path.name: outcome(path, where.name) for path in chosen}
    refused = {name: text for name, (what, text) in found.items() if what == "refused"}
    if folder.startswith("diffraction/tof"):
        assert all("11BM" in name or name in refused for name in found)
    else:
        assert set(refused) <= {"sepd.xye"}, refused
    assert all(len(text) > 10 for text in refused.values())


@pytest.mark.parametrize("limits", [(51.0, 53.0), (50.0, 55.0)])
def test_a_strong_line_that_its_track_loses_keeps_its_area(data_folder: Path, limits: tuple[float, float]) -> None:
    files = sorted((data_folder / "realsets/xrd_repeat").glob("*.xrdml"))
    found = il.diffraction.tracks([str(file) for file in files], tracks={"c": 51.97}, limits=limits)
    areas = found.observables("peak_c_area")
    assert len(areas) == len(files)
    values = np.array([one.value for one in areas], dtype=float)
    assert np.isfinite(values).all()
    # Five scans of one specimen.
    assert values.std() < 0.03 * values.mean()
    for one in areas:
        assert "upper bound" not in one.flag
    for one in found.observables("peak_c_width"):
        assert one.std > 0
