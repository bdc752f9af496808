"""Which small simulated series with known truth stands for impedance in tests, documents and gallery?"""

from __future__ import annotations

import numpy as np

from interlith.model import Example, Measurement, Series
from interlith.physics.circuits import Circuit
from interlith.techniques.impedance.bare import spectrum

CIRCUIT = "R0-(R1|Q1)-(R2|Q2)"
#: Name, variant, growth of the charge-transfer resistance per cycle.
_CELLS = (("bare_1", "bare", 0.9), ("coated_1", "coated", 0.2))
_CYCLES = (1, 50, 100)
_TRUTH = {"R0": 6.0, "R1": 22.0, "Q1": 2.4e-5, "Q1_exponent": 0.92, "Q2": 2.0e-3, "Q2_exponent": 0.88}
_START, _NOISE, _SEED = 30.0, 0.004, 6


def example() -> Example:
    """Two simulated cells after 1, 50 and 100 cycles: two arcs with 0.4 % noise, 200 kHz to 50 mHz.

    Returns an `interlith.model.Example` whose truth is that of the circuit.
    """
    random = np.random.default_rng(_SEED)
    frequency = np.geomspace(2e5, 0.05, 54)
    circuit = Circuit(CIRCUIT)
    items: list[Measurement] = []
    truth: dict[tuple[str, str, int | None], float] = {}
    for sample, variant, growth in _CELLS:
        for cycle in _CYCLES:
            values = _TRUTH | {"R2": _START + growth * cycle}
            z = circuit.impedance(values, frequency)
            noise = random.standard_normal((2, frequency.size)) * _NOISE * np.abs(z)
            measured = z + noise[0] + 1j * noise[1]
            items.append(spectrum(frequency, measured, sample=sample, variant=variant, state={"cycle": cycle}))
            truth |= {(sample, name, cycle): values[name] for name in ("R0", "Q1_exponent")}
            truth |= {
                (sample, "interphase_resistance", cycle): values["R1"],
                (sample, "charge_transfer_resistance", cycle): values["R2"],
                (sample, "charge_transfer_time_constant", cycle): (values["R2"] * values["Q2"])
                ** (1 / values["Q2_exponent"]),
            }
    options = {
        "circuit": CIRCUIT, "names": {"R1": "interphase_resistance", "R2": "charge_transfer_resistance"},
    }  # fmt: skip
    return Example(Series(tuple(items)), truth, options)
