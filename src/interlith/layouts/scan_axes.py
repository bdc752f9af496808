"""Was two theta scanned, so that the scan is a powder pattern, or something else?"""

from __future__ import annotations

import re

from interlith.errors import ReadError
from interlith.layouts.lazy_text import Remark

_NAMES = """gonio 2theta twotheta 2thetaomega omega2theta 2thetatheta theta2theta thetatheta twothetatheta twothetaomega
omegatwotheta lockedcoupled unlockedcoupled coupled coupledtwotheta coupledtwothetatheta detectorscan 2thetaomegascan
twothetaomegascan twothetascan thetatwotheta coupledscan lockedcoupledscan unlockedcoupledscan tthth 2ththeta psdfastscan"""
#: Names of scans that step two theta, without blanks and signs: coupled and detector scans of all vendors.
TWO_THETA = frozenset(_NAMES.split())
_OTHERS = (
    (
        r"omega|rocking|^theta|theta$|alpha|^thetas$|^thetad$",
        "a rocking curve: the specimen turns and the detector stands still",
    ),
    (r"phi|beta|pole", "a turn about the specimen's normal, as for pole figures"),
    (r"chi|psi|khi", "a tilt of the specimen, as for pole figures and stress"),
    (r"^[xyz]$|^[xyz]drive|translation|zs$|^z", "a shift of the specimen or the beam, as for adjusting"),
    (r"slit|absorber|attenuator", "a scan of a slit or attenuator, as for adjusting"),
    (r"hkl|qx|qz|recsp|reciprocal|mesh|map", "a scan in reciprocal space of a single crystal or film"),
    (r"still|fixed|time|delay|snapshot", "a still picture of a detector at one position"),
)


def plain(name: str) -> str:
    """Name of an axis in small letters and digits only; Greek letters and ``2θ`` are spelled out."""
    spelled = name.casefold().replace("θ", "theta").replace("ω", "omega").replace("φ", "phi").replace("χ", "chi")
    return re.sub(r"[^a-z0-9]", "", spelled)


def is_two_theta(name: str) -> bool:
    """Whether a scan of this name steps two theta."""
    return plain(name) in TWO_THETA


def what_it_is(name: str) -> str:
    """What a scan of another axis is, in words."""
    bare = plain(name)
    return next((words for pattern, words in _OTHERS if re.search(pattern, bare)), "no scan of two theta")


def refuse_unless_two_theta(name: str, where: str) -> None:
    """Refuse a scan that is no powder pattern.

    Raises
    ------
    ReadError
        If the axis is not two theta.
    """
    if not is_two_theta(name):
        raise ReadError(
            f"{where}: the scan '{name or 'without a name'}' is {what_it_is(name)}, no powder pattern; measure or export a scan of "
            "two theta."
        )


def fixed_incidence(where: str) -> Remark:
    """What to say of a scan in which the detector moved and the specimen did not."""
    message = (
        "The detector was scanned alone, at a fixed angle of incidence: the corrections of symmetric reflection (constant volume, "
        "displacement) do not hold for a flat specimen."
    )
    return Remark("fixed_incidence", message, where)
