"""What does an XRDML document say of tube, optics and goniometer?"""

from __future__ import annotations

import math
from typing import Any
from xml.etree.ElementTree import Element

from interlith.layouts.lazy_text import Remark
from interlith.layouts.safe_xml import attribute, every, find, number, text
from interlith.layouts.scan_axes import plain

#: Lattice parameters (angstrom) of cubic monochromator crystals and the interlayer distance of graphite, to give the angle of their
#: reflections: Si (CODATA 2018, lattice parameter of silicon), Ge (Baker & Hart, Acta Cryst. A31 (1975) 364), graphite (c/2 = 3.3553,
#: Howe et al., Powder Diffr. 18 (2003) 150). A thousandth of them moves a polarisation factor by less than 1e-4.
_CUBIC = {"si": 5.431, "ge": 5.658}
_GRAPHITE = 3.3553


def instrument_of(measurement: Element, where: str, remarks: list[Remark]) -> dict[str, Any]:
    """Words of `metadata["instrument"]`: only what the document says."""
    incident, diffracted = find(measurement, "incidentBeamPath"), find(measurement, "diffractedBeamPath")
    wave = find(measurement, "usedWavelength")
    first, second = (number(find(wave, name), where) for name in ("kAlpha1", "kAlpha2"))
    ratio = number(find(wave, "ratioKAlpha2KAlpha1"), where)
    crystal = find(incident, "monochromator")
    found: dict[str, Any] = {"radiation": "x-ray"}
    if anode := text(find(incident, "xRayTube", "anodeMaterial")):
        found["anode"] = anode
    if first:
        alone = crystal is not None or not second or ratio == 0
        found["wavelengths"] = [first] if alone else [first, second]
        if not alone and ratio is not None:
            found["ratio"] = ratio
        if crystal is not None and second:
            message = (
                f"The incident beam has a monochromator ({attribute(crystal, 'name')}), so K-alpha 1 alone was taken, although the file "
                "also names K-alpha 2."
            )
            remarks.append(Remark("k_alpha_1_alone", message, where, "note"))
    radius = number(find(diffracted, "radius"), where) or number(find(incident, "radius"), where)
    if radius:
        found["radius"] = radius
    behind = find(diffracted, "monochromator")
    angle = _angle(behind if behind is not None else crystal, first, where)
    if angle is not None:
        found["monochromator"] = angle
    if _is_bragg_brentano(measurement, incident):
        found["geometry"] = "bragg-brentano"
    return found


def _angle(crystal: Element | None, wavelength: float | None, where: str) -> float | None:
    """Two theta (deg) of a monochromator from its crystal and reflection; `None` where the document does not say enough."""
    if crystal is None or not wavelength:
        return None
    material = plain(text(find(crystal, "crystal")))
    indices = [number(find(crystal, "hkl", name), where) for name in "hkl"]
    if material in _CUBIC and None not in indices and any(indices):
        spacing = _CUBIC[material] / math.sqrt(sum(float(index or 0) ** 2 for index in indices))
    elif material in ("graphite", "c"):
        spacing = _GRAPHITE  # of its (002) reflection, the only one in use
    else:
        return None
    sine = wavelength / (2 * spacing)
    return round(2 * math.degrees(math.asin(sine)), 3) if sine < 1 else None


def _is_bragg_brentano(measurement: Element, incident: Element | None) -> bool:
    mirrors = [plain(attribute(find(item, "crystal"), "shape")) for item in every(incident, "xRayMirror")]
    scans = {plain(attribute(scan, "scanAxis")) for scan in every(measurement, "scan")}
    reflects = attribute(measurement, "sampleMode").casefold() == "reflection"
    return reflects and scans <= {"gonio"} and not {"parabolic", "elliptic", "elliptical"} & set(mirrors)
