"""Modes in a window, slice by slice: against whole spectra, across degenerate levels, at the ends of the window."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk
from scipy import sparse
from verbs import Command

from analysis.modes import Modes, forecast, forecast_modes, full_spectrum, lowest_modes, modes_between
from analysis.modes import slicing as module
from analysis.modes.krylov import BLOCK_AROUND, around_shift
from analysis.modes.slicing import SpectrumSlices
from analysis.modes.spectrum import dynamical_matrix
from analysis.modes.window import forecast_window
from atomsim.certificate import zero_tolerance
from atomsim.dissection import Dissection, dissect
from atomsim.errors import IncompleteSpectrum, InputError, NotConverged
from atomsim.formats.structures import write_glass
from atomsim.quench import Glass, describe
from atomsim.results import Array

VALUES = 1e-10  # relative error of frequencies above the zero modes [-]
SPACE = 1e-7  # a vector's component outside the space it should lie in [-]; its square enters the frequency


@pytest.fixture
def thin_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many slices of few modes in a small glass."""
    monkeypatch.setattr(module, "SLICE", 60)
    monkeypatch.setattr(module, "WIDEST_SLICE", 90)


@pytest.fixture(scope="module")
def crystal() -> Glass:
    """A face-centred cubic crystal of 256 atoms: many phonons of one frequency."""
    return describe(bulk("Ar", "fcc", a=4 ** (1 / 3), cubic=True) * (4, 4, 4), "laird-schober")


@pytest.fixture(scope="module")
def crystal_modes(crystal: Glass) -> Modes:
    return full_spectrum(crystal)


def order_of(glass: Glass) -> Dissection:
    terms = glass.interaction().terms(glass.positions_nc)
    return dissect(terms, glass.positions_nc @ np.linalg.inv(glass.cell_cc))


def rows(vectors_mnc: Array) -> Array:
    return vectors_mnc.reshape(len(vectors_mnc), -1)


def require_same(found: Modes, whole: Modes, lowest: float, highest: float) -> None:
    """The same modes in number, frequency and space."""
    omega_m = np.where(np.abs(whole.omega_m) < 1e-5, 0.0, whole.omega_m)
    inside = (omega_m >= lowest) & (omega_m <= highest)
    assert found.certified_complete and len(found.omega_m) == np.count_nonzero(inside)
    np.testing.assert_allclose(found.omega_m, omega_m[inside], rtol=VALUES, atol=1e-5 if lowest == 0 else 0)
    np.testing.assert_allclose(found.omega_m[3:], omega_m[inside][3:], rtol=VALUES)
    ours, theirs = rows(found.vectors_mnc), rows(whole.vectors_mnc)[inside]
    np.testing.assert_allclose(ours @ ours.T, np.eye(len(ours)), atol=1e-9)
    assert np.linalg.norm(ours - ours @ theirs.T @ theirs, axis=1).max(initial=0.0) < SPACE


@pytest.mark.parametrize(("lowest", "highest"), [(0.0, 2.5), (3.0, 5.0), (6.0, 11.0), (4.0, 4.1), (7.0, 7.8)])
def test_window_holds_the_modes_of_the_whole_spectrum(
    small_glass: Glass, small_modes: Modes, lowest: float, highest: float, thin_slices: None
) -> None:
    found = modes_between(small_glass, lowest, highest, method="slices")
    require_same(found, small_modes, lowest, highest)
    assert found.n_zero_modes == (3 if lowest == 0 else 0) and found.n_negative == 0
    inside = (small_modes.omega_m >= lowest) & (small_modes.omega_m <= highest) & (small_modes.omega_m > 1e-3)
    np.testing.assert_allclose(
        found.participation_number_m[found.n_zero_modes :], small_modes.participation_number_m[inside], rtol=1e-5
    )


def test_slices_of_the_whole_spectrum_are_that_of_lapack(
    small_glass: Glass, small_modes: Modes, thin_slices: None
) -> None:
    require_same(modes_between(small_glass, 0.0, 20.0, method="slices"), small_modes, 0.0, 20.0)


def test_lapack_gives_the_same_window(small_glass: Glass, small_modes: Modes) -> None:
    require_same(modes_between(small_glass, 3.0, 5.0, method="dense"), small_modes, 3.0, 5.0)
    lines: list[str] = []
    modes_between(small_glass, 3.0, 5.0, report=lines.append)
    assert "all modes, to choose those between omega = 3 and 5 of 256 atoms by dense" in lines[0]


def test_degenerate_level_at_an_end_of_the_window(crystal: Glass, crystal_modes: Modes) -> None:
    omega_m = crystal_modes.omega_m
    begins = np.flatnonzero(np.diff(omega_m) > 1e-6) + 1
    level = int(begins[np.argmax(np.diff(begins[:8]))])
    copies = int(np.count_nonzero(np.abs(omega_m - omega_m[level]) < 1e-6))
    assert copies >= 12
    for factor, inside in ((1 + 1e-9, True), (1 - 1e-9, False)):
        end = float(omega_m[level] * factor)
        below = modes_between(crystal, 0.0, end, method="slices")
        assert len(below.omega_m) == level + copies * inside
        require_same(below, crystal_modes, 0.0, end)
        above = modes_between(crystal, end, float(omega_m[-1]) + 1.0, method="slices")
        assert len(above.omega_m) == len(omega_m) - len(below.omega_m)


@pytest.mark.usefixtures("thin_slices")
def test_borders_of_slices_cut_degenerate_levels(crystal: Glass, crystal_modes: Modes) -> None:
    multiplicity = np.diff(np.flatnonzero(np.diff(crystal_modes.omega_m, prepend=-1.0, append=99.0) > 1e-6))
    assert multiplicity.max() > BLOCK_AROUND  # more copies than columns of a block
    require_same(modes_between(crystal, 0.0, 20.0, method="slices"), crystal_modes, 0.0, 20.0)


@pytest.mark.parametrize("count", [200, 237, 311])
def test_lowest_modes_across_the_gaps_of_a_crystal(crystal: Glass, crystal_modes: Modes, count: int) -> None:
    found = lowest_modes(crystal, count, method="dissection")
    np.testing.assert_allclose(found.omega_m, crystal_modes.omega_m[:count], atol=1e-5)


def test_level_of_more_copies_than_a_slice_may_hold(monkeypatch: pytest.MonkeyPatch, crystal: Glass) -> None:
    diagonal = np.concatenate([1.0 + 0.01 * np.arange(60), np.repeat(3.0, 600), 5.0 * 1.01 ** np.arange(108)])
    matrix = sparse.csr_matrix(sparse.diags(diagonal))
    terms = crystal.interaction().terms(crystal.positions_nc)
    order = dissect(terms, crystal.positions_nc @ np.linalg.inv(crystal.cell_cc))
    monkeypatch.setattr(module, "WIDEST_SLICE", 300)
    monkeypatch.setattr(module, "MOST_TRIES", 4)
    with pytest.raises(NotConverged, match=r"no shift above|singular"):  # it ends, one way or the other
        SpectrumSlices(matrix, order, lower=0.5).find(400)


def test_window_of_one_level_holds_all_its_copies(crystal: Glass, crystal_modes: Modes) -> None:
    """More copies than columns of a block: the nearest that show at first lie outside the window."""
    omega_m = crystal_modes.omega_m
    begins = np.append(np.flatnonzero(np.diff(omega_m, prepend=-1.0) > 1e-6), len(omega_m))
    level = int(begins[np.argmax(np.diff(begins))])
    low, high = float(omega_m[level]) - 1e-3, float(omega_m[level]) + 1e-3
    assert np.diff(begins).max() > BLOCK_AROUND
    require_same(modes_between(crystal, low, high, method="slices"), crystal_modes, low, high)


@pytest.mark.usefixtures("thin_slices")
def test_slices_do_not_take_what_lies_beyond_their_limits(crystal: Glass) -> None:
    """Where products are exact, as of a diagonal matrix, a block shows as many copies of a level as it has columns."""
    below, level, beyond = 1.0 + 0.01 * np.arange(80), np.repeat(3.0, 40), 5.0 * 1.01 ** np.arange(648)
    diagonal = np.random.default_rng(0).permutation(np.concatenate([below, level, beyond]))
    assert len(level) > BLOCK_AROUND
    matrix = sparse.csr_matrix(sparse.diags(diagonal))
    found, _ = SpectrumSlices(matrix, order_of(crystal), lower=0.5, upper=4.0).find()
    np.testing.assert_allclose(found, np.concatenate([below, level]), rtol=1e-12)


def test_window_without_modes_is_empty(small_glass: Glass, small_modes: Modes) -> None:
    gap = int(np.argmax(np.diff(small_modes.omega_m[10:40]))) + 10
    low, high = small_modes.omega_m[gap : gap + 2] + np.array([1e-4, -1e-4])
    for lowest, highest in ((float(low), float(high)), (30.0, 40.0), (1e-3, 0.1)):
        for method in ("slices", "dense"):
            found = modes_between(small_glass, lowest, highest, method=method)
            assert found.omega_m.shape == (0,) and found.vectors_mnc.shape == (0, 256, 3)
            assert found.certified_complete and found.n_zero_modes == 0


def test_window_of_a_saddle_has_no_negative_eigenvalues(small_glass: Glass) -> None:
    atoms = small_glass.to_atoms()
    atoms.positions += np.random.default_rng(1).normal(scale=0.12, size=atoms.positions.shape)
    saddle = describe(atoms, small_glass.model)
    whole = full_spectrum(saddle)
    assert whole.n_negative > 3
    require_same(modes_between(saddle, 0.0, 3.0, method="slices"), whole, 0.0, 3.0)


@pytest.mark.parametrize("count", [8, 130, 700])
def test_lowest_modes_by_slices_are_those_of_lapack(
    small_glass: Glass, small_modes: Modes, count: int, thin_slices: None
) -> None:
    shares: list[float] = []
    slices = SpectrumSlices(dynamical_matrix(small_glass), order_of(small_glass), lower=-0.01)
    assert slices.count == 768
    values, vectors = slices.find(count, progress=shares.append)
    np.testing.assert_allclose(np.sqrt(values[3:]), small_modes.omega_m[3:count], rtol=VALUES)
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(count), atol=1e-9)
    assert shares[-1] == 1.0 and shares == sorted(shares)


def test_shift_upon_an_eigenvalue_is_told(small_glass: Glass) -> None:
    matrix = dynamical_matrix(small_glass)
    values = np.linalg.eigvalsh(matrix.toarray())
    slices = SpectrumSlices(matrix, order_of(small_glass), lower=1.0, upper=2.0)
    for shift, clear in ((values[300] + 1e-13, False), (0.5 * (values[300] + values[301]), True)):
        slices._factor.factorise(float(shift), precision="double")
        assert slices._is_clear() is clear


@pytest.mark.usefixtures("thin_slices")
def test_window_is_found_though_a_shift_meets_an_eigenvalue(
    small_glass: Glass, small_modes: Modes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each first shift is moved upon the eigenvalue next to it: the walk must notice and step aside."""
    square = small_modes.omega_m**2
    refused: list[float] = []
    factorise, clear = module.MultifrontalFactor.factorise, SpectrumSlices._is_clear

    def upon(self, shift: float, *, precision: str) -> None:
        nearest = float(square[np.argmin(np.abs(square - shift))])
        onto = 9.1 < shift < 24.9 and not refused
        factorise(self, nearest + 1e-14 if onto else shift, precision=precision)

    def told(self: SpectrumSlices) -> bool:
        answer = clear(self)
        if not answer:
            refused.append(1.0)
        return answer

    monkeypatch.setattr(module.MultifrontalFactor, "factorise", upon)
    monkeypatch.setattr(SpectrumSlices, "_is_clear", told)
    require_same(modes_between(small_glass, 3.0, 5.0, method="slices"), small_modes, 3.0, 5.0)
    assert len(refused) == 1


def test_pair_from_outside_in_place_of_one_inside_is_noticed(
    small_glass: Glass, small_modes: Modes, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors_mn = rows(small_modes.vectors_mnc)
    begin = int(np.searchsorted(small_modes.omega_m, 3.0))

    def one_too_far(solve, known, *, shift, below, above, **others):
        return np.empty(0), vectors_mn[begin + 1 : begin + 1 + above].T

    monkeypatch.setattr(module, "around_shift", one_too_far)
    with pytest.raises(IncompleteSpectrum, match="error of the count"):
        modes_between(small_glass, 3.0, 3.5, method="slices")


def test_vectors_that_are_no_modes_are_noticed(small_glass: Glass, monkeypatch: pytest.MonkeyPatch) -> None:
    def any_vectors(solve, known, *, shift, below, above, **others):
        return np.empty(0), np.eye(len(known))[:, : below + above]

    monkeypatch.setattr(module, "around_shift", any_vectors)
    with pytest.raises(NotConverged, match="leave a residual of"):
        modes_between(small_glass, 3.0, 3.5, method="slices")


# --- the iteration --------------------------------------------------------------------------------------------


def known_matrix(values: Array) -> Array:
    return np.linalg.qr(np.random.default_rng(0).standard_normal((len(values), len(values))))[0]


def test_lanczos_around_a_shift_finds_both_sides_and_what_is_not_known() -> None:
    values = np.repeat(np.concatenate([np.linspace(1.0, 40.0, 240), np.linspace(50.0, 3000.0, 60)]), 2)
    axes, shift = known_matrix(values), 20.03
    place = int(np.searchsorted(values, shift))
    known = axes[:, [place - 4, place, place + 5]]  # one of a level below, and of two above
    shares: list[float] = []
    found, vectors = around_shift(
        lambda right: axes @ ((axes.T @ right) / (values - shift)[:, None]),
        known, shift=shift, below=9, above=7, limits=(-np.inf, np.inf), progress=shares.append,
    )  # fmt: skip
    left = np.delete(values, [place - 4, place, place + 5])
    middle = place - 1
    np.testing.assert_allclose(found, left[middle - 9 : middle + 7], rtol=1e-11)
    np.testing.assert_allclose(known.T @ vectors, 0.0, atol=1e-12)
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(16), atol=1e-10)
    assert shares[-1] == 1.0


def test_lanczos_finds_more_copies_of_a_level_than_a_block_has_columns() -> None:
    """Its Krylov space closes with one copy for each column; what is missing shows by values beyond the limits."""
    values = np.sort(np.concatenate([np.repeat(3.0, 40), 5.0 * 1.2 ** np.arange(60)]))
    axes, shift = known_matrix(values), 2.5
    found, _ = around_shift(
        lambda right: axes @ ((axes.T @ right) / (values - shift)[:, None]),
        np.empty((100, 0)), shift=shift, below=0, above=40, limits=(0.0, 4.0),
    )  # fmt: skip
    np.testing.assert_allclose(found, 3.0, rtol=1e-11)


def test_lanczos_around_a_shift_gives_up_with_what_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.modes.krylov.FEWEST_AROUND", 200)
    flat = 1.0 + 1e-9 * np.arange(3000.0)
    with pytest.raises(NotConverged, match="of 5 modes around a shift") as caught:
        around_shift(
            lambda right: right / (flat - 0.5)[:, None], np.empty((3000, 0)), shift=0.5, below=0, above=5,
            limits=(0.0, 2.0),
        )  # fmt: skip
    assert len(caught.value.estimate) == 5


# --- forecasts, refusals, the verb ------------------------------------------------------------------------------


@pytest.mark.parametrize(("lowest", "highest"), [(2.0, 2.0), (3.0, 2.0), (-1.0, 2.0), (0.0, np.inf), (np.nan, 1.0)])
def test_what_is_no_window_is_refused(small_glass: Glass, lowest: float, highest: float) -> None:
    with pytest.raises(InputError, match="expected 0 <= LOW < HIGH"):
        modes_between(small_glass, lowest, highest)


def test_window_is_refused_before_the_work(small_glass: Glass) -> None:
    with pytest.raises(InputError, match="expected one of dense, slices; did you mean 'slices'"):
        modes_between(small_glass, 1.0, 2.0, method="slice")
    for method in ("slices", "dense"):
        with pytest.raises(InputError, match=r"0.001 GB free .*not enough memory"):
            modes_between(small_glass, 1.0, 2.0, method=method, available=1e6)


def test_forecast_of_a_window_grows_with_its_modes(cooled_glass: Glass) -> None:
    terms, order = cooled_glass.interaction().terms(cooled_glass.positions_nc), order_of(cooled_glass)
    plans = [forecast_window(terms, (1.0, 2.0), order, count, available=1e12) for count in (None, 100, 900)]
    assert plans[0].counting and str(plans[0]).startswith("number of the modes between omega = 1 and 2 of 500 atoms")
    assert str(plans[1]).startswith("100 modes between")
    assert plans[1].seconds < plans[2].seconds and plans[1].memory < plans[2].memory


def test_report_counts_first(cooled_glass: Glass) -> None:
    lines: list[str] = []
    found = modes_between(cooled_glass, 1.0, 2.0, report=lines.append)
    assert lines[0].startswith("number of the modes between omega = 1 and 2 of 500 atoms by slices: about")
    assert lines[1].startswith(f"{len(found.omega_m)} modes between") and lines[-1] == "100 % of the modes"
    few = lowest_modes(cooled_glass, 3 + len(found.omega_m), method="dense")
    assert few.omega_m[2] < zero_tolerance(dynamical_matrix(cooled_glass)) ** 0.5


@pytest.fixture(scope="module")
def glass_file(small_glass: Glass, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("window") / "glass.h5"
    write_glass(path, small_glass)
    return path


def test_modes_verb_lists_a_window(command: Command, glass_file: Path, small_modes: Modes) -> None:
    options = ["modes", str(glass_file), "--potential", "laird-schober", "--between", "2.0", "3.0"]
    status, out, err = command(*options, "--method", "slices", "--json")
    assert status == 0, err
    document = json.loads(out)
    omega_m = small_modes.omega_m
    np.testing.assert_allclose(document["omega"], omega_m[(omega_m >= 2.0) & (omega_m <= 3.0)], rtol=VALUES)
    assert document["certified_complete"] is True and document["n_zero_modes"] == 0
    assert f"{len(document['omega'])} modes between omega = 2 and 3 of 256 atoms by slices: about" in err
    status, out, _ = command(*options)
    assert status == 0 and f"{len(document['omega'])} modes between 2 and 3" in out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--between", "3", "2"], "--between 3 2: no window between omega = 3 and 2: expected 0 <= LOW < HIGH"),
        (["--between", "nan", "2"], "--between nan 2: no window between omega = nan and 2"),
        (["--between", "-1", "2"], "no window between omega = -1 and 2"),
        (["--between", "1", "2", "--lowest", "5"], "--lowest and --between: expected one of them"),
        (["--between", "1", "2", "--method", "pardiso"], "--method pardiso: expected one of dense, slices"),
        (["--method", "slices"], "it goes with --lowest K or --between"),
    ],
)
def test_verb_refuses_what_is_no_window(command: Command, glass_file: Path, options: list[str], message: str) -> None:
    status, _, err = command("modes", str(glass_file), "--potential", "laird-schober", *options)
    assert status == 2 and message in " ".join(err.split())


def test_hundreds_of_lowest_modes_come_in_slices(cooled_glass: Glass) -> None:
    full = full_spectrum(cooled_glass, keep_vectors=250)
    lines: list[str] = []
    found = lowest_modes(cooled_glass, 250, method="dissection", report=lines.append)
    np.testing.assert_allclose(found.omega_m[3:], full.omega_m[3:250], rtol=1e-10)
    assert found.certified_complete and found.n_zero_modes == 3 and "shifts" in lines[0]
    overlap = np.abs(np.einsum("mnc,mnc->m", found.vectors_mnc[3:], full.vectors_mnc[3:]))
    np.testing.assert_allclose(overlap, 1.0, atol=1e-8)
    shaken = replace(
        cooled_glass, positions_nc=cooled_glass.positions_nc + 0.03 * np.random.default_rng(0).standard_normal((500, 3))
    )
    exact = np.linalg.eigvalsh(dynamical_matrix(shaken).toarray())[:220]
    square = lowest_modes(shaken, 220, method="dissection").omega_m
    np.testing.assert_allclose(np.sign(square) * square**2, exact, atol=1e-8)
    assert exact[0] < -1.0


def test_lapack_where_its_forecast_is_shorter(cooled_glass: Glass, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecast, "product_speed", lambda: 3e10)
    terms, order = cooled_glass.interaction().terms(cooled_glass.positions_nc), order_of(cooled_glass)
    taken = []
    for count in (20, 300):
        dense, sparse = (forecast_modes(terms, count, method=way, dissection=order) for way in ("dense", "dissection"))
        shorter = min(dense, sparse, key=lambda plan: plan.seconds).method
        taken.append(forecast_modes(terms, count, dissection=order).method)
        assert taken[-1] == shorter
        assert forecast_modes(terms, count, dissection=order, available=1e7).method == "dissection"
    assert taken == ["dissection", "dense"]
