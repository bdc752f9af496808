"""From measurements to spectra: parts of a file, states, names of points."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from interlith.errors import FitError, StudyError
from interlith.model import Measurement, Sample, Series, Source, State, Table
from interlith.techniques.impedance.bare import spectrum, taken
from interlith.techniques.impedance.records import observable
from interlith.techniques.impedance.spectra import by_specimen, spectra_of, window_of, with_points

FREQUENCY = np.geomspace(1e5, 0.1, 13)


def _sweeps(count: int = 3, *, voltages: tuple[float, ...] = (), states: dict[str, State] | None = None) -> Measurement:
    """Sweeps with rising frequencies, the number of the sweep in their real part."""
    parts = []
    for number in range(1, count + 1):
        columns = {
            "frequency": FREQUENCY[::-1], "impedance_real": np.full(13, float(number)), "impedance_imaginary": -FREQUENCY[::-1],
            "vendor_cycle": np.full(13, number),
        }  # fmt: skip
        if voltages:
            columns["voltage"] = voltages[number - 1] + 1e-3 * np.linspace(-1, 1, 13)
        parts.append(pl.DataFrame(columns))
    frame = pl.concat(parts)
    source = Source("eis/A_01.mpt", "ab" * 32, 10, "biologic_mpt", "1")
    return Measurement(
        Sample("A_01", "A"), "impedance", source, Table(frame.lazy(), tuple(frame.columns)), states or {}
    )


def test_every_sweep_is_a_spectrum_with_falling_frequencies() -> None:
    found = spectra_of(Series((_sweeps(),)))
    assert [one.number for one in found] == [1, 2, 3]
    assert [float(one.impedance.real[0]) for one in found] == [1.0, 2.0, 3.0]
    for one in found:
        assert (np.diff(one.frequency) < 0).all()
        assert (one.impedance.imag == -one.frequency).all()
        assert one.state == State("spectrum", one.number, one.number, one.number, "1")
    assert found[1].target == "eis/A_01.mpt#sha256:abababababab/spectrum/2"
    assert found[1].point(12) == "eis/A_01.mpt#sha256:abababababab/spectrum/2/point/0.1 Hz"
    assert len({one.name for one in found}) == 3


def test_sweeps_at_different_voltages_are_ordered_by_voltage() -> None:
    found = spectra_of(Series((_sweeps(voltages=(4.2, 3.6, 3.9)),)))
    assert [one.state.name for one in found] == ["voltage"] * 3
    assert [round(one.state.value, 2) for one in found] == [3.6, 3.9, 4.2]
    assert found[0].state.low == pytest.approx(3.599)
    assert found[0].target.endswith("/spectrum/2"), "the name stays that of its place in the file"
    same = spectra_of(Series((_sweeps(voltages=(4.200, 4.201, 4.202)),)))
    assert {one.state.name for one in same} == {"spectrum"}


def test_sweeps_can_be_taken_as_cycles() -> None:
    found = spectra_of(Series((_sweeps(),)), against="cycle")
    assert [one.cycle for one in found] == [1, 2, 3]
    assert found[2].state == State("cycle", 3.0, 3.0, 3.0, "1")
    with pytest.raises(StudyError, match="not every spectrum has the state 'temperature'"):
        spectra_of(Series((_sweeps(),)), against="temperature")


def test_the_declared_state_that_differs_is_the_axis() -> None:
    warm = {"temperature": State("temperature", 25.0, 24.0, 26.0, "degC")}
    items = [
        spectrum(FREQUENCY, 1 - 1j * FREQUENCY, sample="S", state={"temperature": 25.0, "cycle": c}) for c in (5, 1, 3)
    ]
    found = spectra_of(Series(tuple(items)))
    assert [one.cycle for one in found] == [1, 3, 5]
    assert found[0].states["temperature"].value == warm["temperature"].value
    assert found[0].axis == "cycle"


def test_voltages_of_one_cycle_stay_together() -> None:
    items = [
        spectrum(FREQUENCY, 1 - 1j * FREQUENCY, sample="S", state={"voltage": v, "cycle": c})
        for c, v in ((500, 4.0), (1, 4.4), (500, 4.4), (1, 4.0))
    ]
    found = spectra_of(Series(tuple(items)))
    assert [(one.cycle, one.state.value) for one in found] == [(1, 4.0), (1, 4.4), (500, 4.0), (500, 4.4)]


def test_points_outside_a_window_or_left_out_are_not_used() -> None:
    (one,) = spectra_of(taken((FREQUENCY, 1 - 1j * FREQUENCY)), window=["1 Hz", "10 kHz"])
    kept, _ = one.kept
    assert kept.min() >= 1.0
    assert kept.max() <= 1e4
    points = pl.DataFrame({"spectrum": [one.target] * 2, "point": [5, 6], "used": [False, True]})
    (left,) = with_points([one], points)
    assert left.used.sum() == one.used.sum() - 1
    assert not left.used[5]
    assert left.used[6]
    (other,) = with_points([replace(one, target="another")], points)
    assert (other.used == one.used).all()


@pytest.mark.parametrize("window", ["1 Hz", ["1 Hz"], [10, 1], ["1 V", "2 V"]])
def test_a_wrong_window_is_refused(window: object) -> None:
    with pytest.raises(Exception, match=r"window|cannot be turned"):
        window_of(window)


def test_what_is_no_spectrum_is_refused() -> None:
    with pytest.raises(FitError, match="5 points"):
        spectra_of(taken((FREQUENCY[:3], np.ones(3))))
    with pytest.raises(FitError, match="shapes"):
        taken((FREQUENCY, np.ones(4)))
    with pytest.raises(FitError, match="is no spectrum"):
        taken(3.0)
    with pytest.raises(FitError, match="columns"):
        taken(pl.DataFrame({"frequency": [1.0]}))


def test_bare_arrays_become_specimens() -> None:
    two = taken([(FREQUENCY, np.ones(13)), (FREQUENCY, np.full(13, 2.0))])
    assert list(by_specimen(spectra_of(two))) == ["spectrum 1", "spectrum 2"]


def test_what_speaks_against_a_spectrum_stands_with_its_numbers() -> None:
    (one,) = spectra_of(taken((FREQUENCY, 1 - 1j * FREQUENCY)))
    points = pl.DataFrame({"spectrum": [one.target], "point": [0], "used": [True], "verdict": ["drifts"]})
    (doubted,) = with_points([one], points)
    number = observable(doubted, "R0", 1.0, "ohm", {"fit:x": 0.1}, flag="at its bound")
    assert number.flag == "at its bound; the cell changed during the sweep"
    (good,) = with_points([one], points.with_columns(verdict=pl.lit("passes")))
    assert observable(good, "R0", 1.0, "ohm", {"fit:x": 0.1}).flag == ""
