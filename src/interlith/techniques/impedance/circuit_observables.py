"""Which observables does the fit of a circuit to one spectrum yield, under which names?"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from interlith.errors import FitError, nearest
from interlith.model import Observable
from interlith.model.observable import NORMAL_95
from interlith.physics.circuits import Circuit, CircuitFit, Derived, Verdict, derived
from interlith.physics.circuits.element import UNITS
from interlith.techniques.impedance.records import observable
from interlith.techniques.impedance.spectra import Spectrum

#: Correlation of neighbouring residuals from which the fit is said not to follow the spectrum.
_FOLLOWING = 0.5
#: Share of a sum up to which a part that is only a bound does not spoil it.
_SMALL = 0.03
#: Shown area of resistances, in m^2.
_CM2 = 1e-4


@dataclass(frozen=True, slots=True)
class Names:
    """What the user calls resistances: name of the parameter -> quantity."""

    given: Mapping[str, str]

    def of(self, name: str) -> str:
        """Quantity of a parameter or derived number: with R1 as ``interphase_resistance``, its capacitance is ``interphase_capacitance``."""
        if name in self.given:
            return self.given[name]
        for own, told in self.given.items():
            if name.startswith(f"{own}_"):
                return f"{told.removesuffix('_resistance')}{name.removeprefix(own)}"
        return name


def names_of(circuit: Circuit, given: Mapping[str, str]) -> Names:
    """The user's names, checked.

    Raises
    ------
    FitError
        If a name is given to no resistance of the circuit, or is no quantity.
    """
    resistances = {
        name.removesuffix("_resistance"): name
        for name, parameter in zip(circuit.names, circuit.parameters, strict=True) if parameter.kind == "resistance"
    }  # fmt: skip
    for name, told in given.items():
        if name not in resistances and name not in resistances.values():
            raise FitError(f"names: the circuit {circuit} has no resistance '{name}'; {nearest(name, resistances)}.")
        if not re.fullmatch(r"[A-Za-z]\w*", told):
            raise FitError(f"names: '{told}' is no name of a quantity; write for instance charge_transfer_resistance.")
    if len(set(given.values())) < len(given):
        raise FitError(f"names: two resistances have one name in {dict(given)}; give each its own.")
    return Names({resistances.get(name, name): told for name, told in given.items()})


def observables_of(
    spectrum: Spectrum, fit: CircuitFit, member: int, verdicts: Mapping[str, Verdict], names: Names
) -> list[Observable]:
    """Parameters, what follows from them, and areal resistances where the area is declared."""
    prefix = f"fit:{spectrum.name}/circuit"
    warning = _following(fit, member)
    made = []
    for name, parameter in zip(fit.names, fit.circuit.parameters, strict=True):
        verdict = verdicts[name]
        parts = fit.components(name, prefix, member, common=_common(spectrum)) if verdict.value is not None else {}
        one = observable(
            spectrum, names.of(name), verdict.value, UNITS[parameter.kind], parts, method=f"fit of {fit.circuit}", fit=prefix,
            flag=_joined(verdict.flag, warning if verdict.value is not None else ""), low=verdict.low, high=verdict.high,
        )  # fmt: skip
        made.append(one)
        if parameter.kind == "resistance":
            made += _areal(spectrum, one)
    values = dict(zip(fit.names, (float(value) for value in fit.values[member]), strict=True))
    for number in derived(fit.circuit, values):
        made += _of_derived(spectrum, fit, member, verdicts, number, names, warning)
    return made


def _of_derived(
    spectrum: Spectrum, fit: CircuitFit, member: int, verdicts: Mapping[str, Verdict], number: Derived, names: Names, warning: str
) -> list[Observable]:  # fmt: skip
    prefix, quantity = f"fit:{spectrum.name}/circuit", names.of(number.quantity)
    open_ = [name for name in number.slopes if verdicts[name].value is None]
    if _small(fit, member, number, open_):
        warning = _joined(f"with {', '.join(map(names.of, open_))} as fitted, of which only a bound is known", warning)
    elif open_:
        flag = f"{names.of(open_[0])} is not a number here: {verdicts[open_[0]].flag}"
        return [observable(spectrum, quantity, None, number.unit, {}, method=number.method, fit=prefix, flag=flag)]
    parts = fit.components(number.slopes, prefix, member, common=_common(spectrum))
    size = math.sqrt(sum(part * part for part in parts.values())) / number.value
    spread = math.exp(min(NORMAL_95 * size, 300.0))
    one = observable(
        spectrum, quantity, number.value, number.unit, parts, method=number.method, fit=prefix, flag=warning,
        low=number.value / spread, high=number.value * spread,
    )  # fmt: skip
    return [one, *(_areal(spectrum, one) if number.unit == "ohm" else [])]


def _small(fit: CircuitFit, member: int, number: Derived, open_: list[str]) -> bool:
    """Whether parameters that are bounds hardly matter in a sum of resistances."""
    if not open_ or number.unit != "ohm" or not np.isfinite(fit.std[member]).all():
        return False
    share = sum(abs(number.slopes[name]) * fit.value(name, member) for name in open_) / number.value
    return share < _SMALL


def _common(spectrum: Spectrum) -> str:
    """Source of what all spectra of a specimen share."""
    return f"fit:{spectrum.sample.name}/circuit"


def _areal(spectrum: Spectrum, one: Observable) -> list[Observable]:
    """Resistance times area (ohm cm^2), where an area is declared."""
    area = spectrum.sample.area
    if area is None or not area.confirmed:
        return []
    quantity = f"{one.quantity.removesuffix('_resistance')}_area_resistance"
    scale = area.value / _CM2
    low, high = (None if end is None else end * scale for end in (one.low, one.high))
    if one.value is None:
        return [
            observable(spectrum, quantity, None, "ohm cm^2", {}, method=one.method, fit=one.fit, flag=one.flag, low=low, high=high)
        ]  # fmt: skip
    parts = {source: size * scale for source, size in one.components.items()}
    parts[f"area:{spectrum.sample.name}"] = one.value * area.std / _CM2
    return [
        observable(
            spectrum, quantity, one.value * scale, "ohm cm^2", parts, method=one.method, fit=one.fit, flag=one.flag
        )
    ]


def _following(fit: CircuitFit, member: int) -> str:
    """What must be said where neighbouring residuals are alike: the circuit does not follow the spectrum."""
    used = np.flatnonzero(fit.used[member])
    order = used[np.argsort(fit.frequency[member][used])]
    away = ((fit.observed - fit.fitted)[member] / fit.sizes[member])[order]
    power = float(np.sum(np.abs(away) ** 2))
    if len(order) < 8 or power <= 0:
        return ""
    alike = float(np.sum((away[1:] * away[:-1].conj()).real)) / power
    if alike < _FOLLOWING:
        return ""
    return f"residuals follow each other (correlation {alike:.2f}): the circuit misses something, the uncertainty is too small"


def _joined(*words: str) -> str:
    return "; ".join(word for word in words if word)
