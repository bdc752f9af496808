"""Spectra are judged, points named and overruled, series watched, and the first spectra of real cells fail."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from interlith.errors import StudyError
from interlith.model import Decision, Given, Series, read_target
from interlith.techniques.impedance.bare import spectrum
from interlith.techniques.impedance.spectra import spectra_of
from interlith.techniques.impedance.validity import STEP, used_points, validate

Complex = NDArray[np.complex128]
FREQUENCY = np.logspace(5, -2, 60)
OMEGA = 2j * np.pi * FREQUENCY


def simulated(seed: int, *, noise: float = 1e-3, slow: float = 100.0) -> Complex:
    random = np.random.default_rng(seed)
    clean = 20 + 60 / (1 + (OMEGA * 1e-4) ** 0.85) + slow / (1 + (OMEGA * 0.05) ** 0.8)
    scatter = random.standard_normal(60) + 1j * random.standard_normal(60)
    return np.asarray(clean + noise * np.abs(clean) * scatter)


def with_bad_point(seed: int = 1) -> Series:
    bad = simulated(seed)
    bad[23] *= 1.2
    return Series((spectrum(FREQUENCY, bad, sample="A1", state={"voltage": 4.1}),))


def test_a_good_spectrum_has_a_residual_and_a_noise_and_no_flag() -> None:
    found = validate(Series((spectrum(FREQUENCY, simulated(3), sample="A1", state={"voltage": 4.1}),)))
    residual, noise = found.observables()
    assert (residual.quantity, noise.quantity) == ("kramers_kronig_residual", "noise")
    assert noise.value == pytest.approx(0.1, rel=0.2)
    assert noise.std == pytest.approx(0.1 * noise.value, rel=0.5)
    assert noise.state is not None
    assert noise.state.value == 4.1
    assert not found.flags
    assert not found.choices
    assert found.data["residuals"].get_column("used").all()
    assert found.data["spectra"].item(0, "verdict") == "passes"
    assert found.data["noise"].get_column("points").sum() == 60


def test_a_bad_point_is_a_choice_that_later_steps_follow_and_a_person_overrules() -> None:
    series = with_bad_point()
    found = validate(series)
    (choice,) = found.choices
    assert choice.target.endswith(f"/point/{FREQUENCY[23]:.4g} Hz")
    assert (choice.field, choice.value, choice.runner_up) == ("use", "false", "true")
    assert choice.margin > 0.9
    assert "of |Z| from what the other points say" in choice.reason
    (one,) = used_points(spectra_of(series), found)
    assert np.flatnonzero(~one.used).tolist() == [23]
    back = Decision(read_target(choice.target), "use", True, "the cable was good", "MM")
    (taken,) = validate(series, decisions=[back]).choices
    assert (taken.value, taken.who, taken.reason) == ("true", "MM", "the cable was good")
    (one,) = used_points(spectra_of(series), validate(series, decisions=[back]))
    assert one.used.all()


def test_a_person_leaves_a_good_point_out() -> None:
    series = with_bad_point()
    target = spectra_of(series)[0].point(40)
    found = validate(series, decisions=[Decision(read_target(target), "use", "no", "spark")])
    (one,) = used_points(spectra_of(series), found)
    assert np.flatnonzero(~one.used).tolist() == [23, 40]
    assert found.data["spectra"].item(0, "points") == 59


def test_a_decision_about_no_point_is_told_and_a_bad_value_refused() -> None:
    series = with_bad_point()
    base = spectra_of(series)[0].target
    lost = Decision(read_target(f"{base}/point/7 Hz"), "use", False, "x")
    assert "target_vanished" in [flag.code for flag in validate(series, decisions=[lost]).flags["A1"]]
    bad = Decision(read_target(spectra_of(series)[0].point(4)), "use", "perhaps", "x")
    with pytest.raises(StudyError, match="true or false"):
        validate(series, decisions=[bad])


def test_a_mains_point_is_called_one() -> None:
    frequency = FREQUENCY * 50 / FREQUENCY[28]
    bad = 20 + 60 / (1 + (2j * np.pi * frequency * 1e-3) ** 0.85) + 0j
    bad *= 1 + 1e-3 * np.random.default_rng(0).standard_normal(60)
    bad[28] *= 1.1
    (choice,) = validate(Series((spectrum(frequency, bad),))).choices
    assert "50 Hz is a frequency of the mains" in choice.reason


def test_the_step_follows_options_and_decisions() -> None:
    series = with_bad_point()
    given = Given(series, options={"window": ["0.1 Hz", "10 kHz"], "limit": "40 %"})
    found = STEP.run(given)
    assert not found.choices
    used = found.data["residuals"].filter("used").get_column("frequency")
    assert used.min() >= 0.1
    assert used.max() <= 1e4
    with pytest.raises(StudyError, match="share of"):
        validate(series, limit="3")
    with pytest.raises(StudyError, match="admittance"):
        validate(series, representation="modulus")


def test_failures_of_one_spectrum_are_entries_and_cost_only_it() -> None:
    few = spectrum(FREQUENCY[:6], simulated(1)[:6], sample="A2")
    broken = simulated(5)
    broken[-5:] *= np.array([1.3, 0.6, 1.5, 0.5, 1.4])
    found = validate(
        Series((spectrum(FREQUENCY, simulated(2), sample="A1"), few, spectrum(FREQUENCY, broken, sample="A3")))
    )
    assert found.quality.get_column("ok").to_list() == [True, False, True], "tested, whatever was found"
    codes = {name: [flag.code for flag in flags] for name, flags in found.flags.items()}
    assert codes == {"A2": ["kramers_kronig_undecided"], "A3": ["kramers_kronig_fails"]}
    empty = next(one for one in found.observables("noise") if one.sample == "A2")
    assert empty.value is None
    assert empty.flag


def test_repeats_that_creep_are_told_and_steady_ones_are_not() -> None:
    def repeats(rise: float) -> Series:
        states = {"voltage": 4.1}
        return Series(
            tuple(
                spectrum(FREQUENCY, simulated(k, slow=100 * (1 + rise * k)), sample="A1", state=states)
                for k in range(6)
            )
        )

    flags = validate(repeats(0.02)).flags["A1"]
    assert [flag.code for flag in flags] == ["drifts_along_series"]
    assert "rises by" in flags[0].message
    assert "at one voltage" in flags[0].message
    assert not validate(repeats(0.0)).flags


def test_an_error_common_to_all_spectra_is_that_of_the_instrument() -> None:
    def bent(k: int) -> Complex:
        value = simulated(k)
        value[30] *= 1.006
        return value

    found = validate(
        Series(tuple(spectrum(FREQUENCY, bent(k), sample="A1", state={"voltage": 4 + 0.1 * k}) for k in range(8)))
    )
    (flag,) = found.flags["A1"]
    assert flag.code == "common_residual"
    assert f"{FREQUENCY[30]:.3g} Hz" in flag.message


def test_first_spectra_of_real_solid_state_cells_fail(data_folder: Path) -> None:
    path = data_folder / "realsets" / "eis_ssb" / "EISdata1_SoC0_Cyc1to100.csv"
    if not path.is_file():
        pytest.skip(f"{path} is absent")
    table = pl.read_csv(path)
    real = [name for name in table.columns if name.startswith("Re(Z)")]
    frequency = np.array([float(name[5:]) for name in real])
    minus = table.select(["-Im(Z)" + name[5:] for name in real]).to_numpy()
    impedance = table.select(real).to_numpy() - 1j * minus
    first = validate(
        Series(tuple(spectrum(frequency, impedance[k], sample="cell 1", state={"cycle": k + 1.0}) for k in range(10)))
    )
    verdicts = first.data["spectra"].get_column("verdict").to_list()
    assert verdicts == ["fails"] + ["passes"] * 9
    residuals = [one.value for one in first.observables("kramers_kronig_residual")]
    assert residuals[0] == pytest.approx(6.0, abs=0.5)
    assert max(value for value in residuals[1:] if value is not None) < 0.35
