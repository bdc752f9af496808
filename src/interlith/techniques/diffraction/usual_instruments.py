"""What has an instrument of which no one says more, and in which sentences is that told?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from interlith.physics.powder.instrument import Instrument
from interlith.techniques.diffraction.radiation_lines import Lines, anode_of


@dataclass(frozen=True, slots=True)
class _Usual:
    """Where a fit begins if no one says more: round numbers of ours within what such instruments have, no measured resolution."""

    words: str
    gauss: tuple[float, float, float]
    lorentz: tuple[float, float]
    axial: float
    polarisation: float
    geometry: str


_USUAL = {
    "tube": _Usual("a laboratory diffractometer", (0.004, -0.004, 0.005), (0.02, 0.04), 0.02, 0.5, "bragg-brentano"),
    "synchrotron": _Usual("a synchrotron", (0.0, 0.0, 4e-4), (0.01, 0.02), 0.001, 0.99, "debye-scherrer"),
    "neutrons": _Usual("a neutron diffractometer", (0.15, -0.2, 0.15), (0.0, 0.0), 0.02, 0.5, "debye-scherrer"),
}
#: Goniometer radius (mm) where none is said: within those of laboratory instruments, 145 to 320 mm. Only the size of a displacement, not
#: what it does to a pattern, goes with it.
USUAL_RADIUS = 200.0


def kind_of(merged: Mapping[str, Any], said: Mapping[str, Any], lines: Lines) -> str:
    """``tube``, ``synchrotron`` or ``neutrons``, by radiation, anode and wavelengths."""
    if merged.get("radiation") == "neutron":
        return "neutrons"
    tube = "anode" in said or len(lines.wavelengths) == 2 or anode_of(lines.wavelengths[0])
    return "tube" if tube else "synchrotron"


def completed(merged: Mapping[str, Any], kind: str, assumed: list[str]) -> dict[str, Any]:
    """Every number of an instrument but the wavelengths; what is not there as is usual, told."""
    usual = _USUAL[kind]
    found = dict(merged)
    if "radiation" not in found:
        found["radiation"] = "x-ray"
        assumed.append("No file says the radiation; X-rays were taken.")
    if "geometry" not in found:
        found["geometry"] = usual.geometry
        assumed.append(f"No file says the geometry; {usual.geometry} was taken, as is usual for {usual.words}.")
    if found["radiation"] == "x-ray":
        _polarised(found, usual, assumed)
    if "gauss" not in found and "lorentz" not in found:
        found["gauss"], found["lorentz"] = usual.gauss, usual.lorentz
        assumed.append(
            f"No file gives widths; U, V, W = {shown(usual.gauss)} deg^2 and X, Y = {shown(usual.lorentz)} deg were taken, where a fit for "
            f"{usual.words} may begin. Size and strain that follow from refined ones are those of instrument and specimen together."
        )
    if "sample_ratio" not in found and "slit_ratio" not in found:
        own = usual.axial if "gauss" not in merged else 0.0
        found["sample_ratio"] = found["slit_ratio"] = own
        assumed.append(f"No file gives the axial divergence; S/L = H/L = {own:g} was taken.")
    if "radius" not in found:
        if found["geometry"] == "bragg-brentano":
            found["radius"] = USUAL_RADIUS
            assumed.append(
                f"No file gives the goniometer radius; {USUAL_RADIUS:g} mm was taken. A displacement in mm scales with it, its effect does not."
            )
        else:
            assumed.append("No file gives the goniometer radius; a displacement of the specimen cannot be refined.")
    allowed = {one.name for one in fields(Instrument)} - {"wavelengths", "ratio"}
    return {name: value for name, value in found.items() if name in allowed}


def _polarised(found: dict[str, Any], usual: _Usual, assumed: list[str]) -> None:
    lacks = [name for name in ("polarisation", "monochromator") if name not in found]
    if "polarisation" in lacks:
        found["polarisation"] = usual.polarisation
    found.setdefault("monochromator", 0.0)
    if len(lacks) == 2:
        assumed.append(
            f"No file says how the beam is polarised or names a monochromator; a polarised fraction of {usual.polarisation:g} and none were taken."
        )
    elif lacks == ["polarisation"]:
        assumed.append(f"No file says how the beam is polarised; a fraction of {usual.polarisation:g} was taken.")
    elif lacks:
        assumed.append("No file names a monochromator; none was taken.")


def shown(value: object) -> str:
    """A number, numbers or a word as words."""
    if isinstance(value, tuple):
        return ", ".join(f"{one:g}" for one in value)
    return f"{value:g}" if isinstance(value, int | float) else str(value)
