"""Lowest modes at size: Lanczos on the inverse, forecasts against what is used, refusals, loose atoms."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from analysis.cli import app
from analysis.modes import density_of_states, forecast_modes, full_spectrum, kernel_polynomial_density, lowest_modes
from analysis.modes.forecast import ModesForecast, available_memory, factor_cost, forecast_density, process_memory
from analysis.modes.krylov import lowest_by_inverse
from analysis.modes.rattlers import explain_zero_modes, loose_atoms
from analysis.modes.spectrum import dynamical_matrix
from analysis.plotting.vibrations import plot_kernel_density
from atomsim.errors import IncompleteSpectrum, InputError, NotConverged
from atomsim.factorise import SymmetricFactor
from atomsim.formats.structures import write_glass
from atomsim.hessian import hessian_matrix
from atomsim.pairs import PairTerms
from atomsim.quench import Glass, describe

CLOSE = 1.3  # a forecast of memory and what is used differ by less than this factor


def test_lanczos_finds_a_known_spectrum_with_its_degeneracies() -> None:
    values = np.repeat(np.concatenate([np.arange(1.0, 40.0), np.linspace(50.0, 3000.0, 300)]), 2)
    rng = np.random.default_rng(0)
    axes = np.linalg.qr(rng.standard_normal((len(values), len(values))))[0]
    shift = 0.3
    shares: list[float] = []
    found, vectors = lowest_by_inverse(
        lambda right: axes @ ((axes.T @ right) / (values - shift)[:, None]),
        len(values), 31, shift=shift, progress=shares.append,
    )  # fmt: skip
    np.testing.assert_allclose(found, values[:31], rtol=1e-11)
    residual = (axes * values) @ (axes.T @ vectors) - vectors * found
    assert np.abs(residual).max() < 1e-6 and shares[-1] == 1.0 and shares == sorted(shares)
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(31), atol=1e-10)


def test_lanczos_gives_up_with_what_it_has() -> None:
    flat = 1.0 + 1e-9 * np.arange(3000.0)  # nothing stands out
    with pytest.raises(NotConverged, match="of 5 modes") as caught:
        lowest_by_inverse(lambda right: right / flat[:, None], 3000, 5, shift=0.0)
    assert len(caught.value.estimate) == 5


@pytest.mark.parametrize("backend", ["pardiso", "superlu"])
def test_one_factor_moves_from_shift_to_shift(small_glass: Glass, backend: str) -> None:
    if backend == "pardiso":
        pytest.importorskip("pypardiso", reason="MKL PARDISO has wheels for x86-64 only")
    matrix = dynamical_matrix(small_glass)
    values = np.linalg.eigvalsh(matrix.toarray())
    factor = SymmetricFactor(matrix, shift=-1.0, backend=backend)
    for place in (40, 3, 500):
        shift = 0.5 * (values[place - 1] + values[place])
        factor.move_to(shift)
        assert factor.n_negative == place
        solution = factor.solve(np.ones(len(values)))
        np.testing.assert_allclose(matrix @ solution - shift * solution, 1.0, atol=1e-8)
    factor.release()


def test_all_methods_give_the_same_modes(small_glass: Glass) -> None:
    dense = lowest_modes(small_glass, 20, method="dense")
    lines: list[str] = []
    sparse = lowest_modes(small_glass, 20, method="superlu", report=lines.append)
    np.testing.assert_allclose(sparse.omega_m[3:], dense.omega_m[3:], rtol=1e-9)
    assert "the lowest 20 modes of 256 atoms by superlu" in lines[0] and lines[-1] == "100 % of the modes"
    assert dense.certified_complete and sparse.certified_complete


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_zero_modes_alone_are_certified(cooled_glass: Glass, count: int) -> None:
    found = lowest_modes(cooled_glass, count)
    assert found.certified_complete and len(found.omega_m) == len(found.vectors_mnc) == count
    assert found.n_zero_modes == min(count, 3) and np.count_nonzero(found.omega_m > 1e-3) == count - found.n_zero_modes


def test_method_follows_size_and_number_of_modes(cooled_glass: Glass, small_glass: Glass) -> None:
    large, small = (g.interaction().terms(g.positions_nc) for g in (cooled_glass, small_glass))
    assert forecast_modes(small, 10).method == "dense"
    assert str(forecast_modes(small, 767)).startswith("the lowest 767 modes of 256 atoms by dense")
    assert str(forecast_modes(small, 768)).startswith("all modes of 256 atoms by dense")
    assert forecast_modes(large, 10).method in ("pardiso", "superlu")
    assert forecast_modes(large, large.n_atoms * 3 // 4 + 1).method == "dense"
    assert forecast_modes(large).method == "dense"
    assert forecast_modes(large, 10, method="dense").method == "dense"


def test_forecast_counts_the_factor(cooled_glass: Glass) -> None:
    pytest.importorskip("pypardiso", reason="the analysis is that of MKL PARDISO")
    terms = cooled_glass.interaction().terms(cooled_glass.positions_nc)
    nonzeros, flops = factor_cost(terms)
    factor = SymmetricFactor(hessian_matrix(terms), shift=-1.0)
    assert nonzeros == pytest.approx(factor._solver.nonzeros, rel=0.1)
    assert flops == pytest.approx(factor._solver.flops, rel=0.25)
    factor.release()


def test_growth_of_the_factor_stands_in_for_its_analysis(cooled_glass: Glass, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pypardiso", reason="the analysis is that of MKL PARDISO")
    terms = cooled_glass.interaction().terms(cooled_glass.positions_nc)
    nonzeros, flops = factor_cost(terms)
    monkeypatch.setattr("analysis.modes.forecast.default_backend", lambda: "superlu")
    guessed, guessed_flops = factor_cost(terms)
    assert 0.3 < guessed / nonzeros < 3.0 and 0.1 < guessed_flops / flops < 10.0


def test_memory_too_small_is_refused_before_the_work(cooled_glass: Glass) -> None:
    with pytest.raises(InputError, match=r"about .* GB, 0.001 GB free .*not enough memory"):
        lowest_modes(cooled_glass, 10, available=1e6)
    interaction = cooled_glass.interaction()
    plan = forecast_density(interaction, cooled_glass.positions_nc, moments=64, vectors=4, available=1e6)
    with pytest.raises(InputError, match="not enough memory"):
        plan.require_memory()
    ModesForecast("dense", 10, 30, 30, 1e6, 1.0, 1e6, "by hand").require_memory()
    assert 1e6 < process_memory() < available_memory()


@pytest.mark.parametrize("method", ["superlu", "pardiso"])
def test_modes_without_others_above_them_are_refused(small_glass: Glass, method: str) -> None:
    terms = small_glass.interaction().terms(small_glass.positions_nc)
    for count in (767, 768):
        with pytest.raises(InputError, match=f"{count} modes by {method}: expected at most 766"):
            forecast_modes(terms, count, method=method)


def test_slices_of_a_saddle_begin_below_its_lowest_eigenvalue(
    cooled_glass: Glass, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lanczos says where that is; if it were wrong, the count of the first factorisation would tell."""
    moved_nc = cooled_glass.positions_nc + 0.03 * np.random.default_rng(0).standard_normal((500, 3))
    saddle = dataclasses.replace(cooled_glass, positions_nc=moved_nc)
    monkeypatch.setattr("analysis.modes.spectrum.lowest_pair", lambda matrix: (-0.01, np.empty(0)))
    with pytest.raises(IncompleteSpectrum, match=r"\d+ eigenvalues lie below .*, where Lanczos sees none"):
        lowest_modes(saddle, 220, method="dissection")


def test_unknown_method_is_refused(small_glass: Glass) -> None:
    with pytest.raises(InputError, match=r"unknown method 'pardisso'; expected .*did you mean 'pardiso'"):
        lowest_modes(small_glass, 5, method="pardisso")


# --- loose atoms --------------------------------------------------------------------------------------------


def with_rattler(glass: Glass, atom: int) -> PairTerms:
    """The pairs of a glass, those of one atom left out."""
    terms = glass.interaction().terms(glass.positions_nc)
    keep = (terms.first_p != atom) & (terms.second_p != atom)
    return dataclasses.replace(
        terms, first_p=terms.first_p[keep], second_p=terms.second_p[keep], vector_pc=terms.vector_pc[keep],
        derivative_kp=terms.derivative_kp[:, keep],
    )  # fmt: skip


def test_loose_atoms_are_found_and_named(binary_glass: Glass) -> None:
    whole = binary_glass.interaction().terms(binary_glass.positions_nc)
    assert len(loose_atoms(whole)) == 0
    assert "each alone is held" in explain_zero_modes(whole, found=4, expected=3)
    free = with_rattler(binary_glass, 17)
    np.testing.assert_array_equal(loose_atoms(free), [17])
    zero = np.count_nonzero(np.abs(np.linalg.eigvalsh(hessian_matrix(free).toarray())) < 1e-6)
    assert zero == 6
    assert "nothing holds atom 17 (0 neighbours)" in explain_zero_modes(free, found=zero, expected=3)


def test_bodies_that_float_are_loose() -> None:
    """A chain of five and a dimer, every bond stiff in all directions."""
    first, second = np.array([0, 1, 2, 3, 5]), np.array([1, 2, 3, 4, 6])
    derivative_kp = np.zeros((5, 5))
    derivative_kp[1] = 1.0
    terms = PairTerms(first, second, np.ones((5, 3)), derivative_kp, 7, 3)
    np.testing.assert_array_equal(loose_atoms(terms), [5, 6])


def test_atom_in_the_gap_of_a_slab_is_loose(binary_glass: Glass) -> None:
    atoms = binary_glass.to_atoms()
    edge = float(binary_glass.cell_cc[0, 0])
    atoms.set_cell(np.diag([edge, edge, edge + 8.0]))  # open along z: a slab and one atom in the gap
    atoms.pbc = [True, True, False]
    atoms.positions[0] = [0.5 * edge, 0.5 * edge, edge + 4.0]
    found = describe(atoms, binary_glass.model)
    assert found.n_zero_modes >= 6 or found.n_negative > 0
    terms = found.interaction().terms(found.positions_nc)
    assert 0 in loose_atoms(terms)


# --- the verbs ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def glass_file(small_glass: Glass, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("glass") / "glass.h5"
    write_glass(path, small_glass)
    return path


def test_modes_verb_says_which_method_and_takes_one(glass_file: Path) -> None:
    result = CliRunner().invoke(
        app,
        ["modes", str(glass_file), "--potential", "laird-schober", "--lowest", "8", "--method", "superlu", "--json"],
    )
    assert result.exit_code == 0
    assert "the lowest 8 modes of 256 atoms by superlu: about" in result.stderr
    assert len(json.loads(result.stdout)["omega"]) == 8


def test_density_verb(glass_file: Path, small_glass: Glass, tmp_path: Path) -> None:
    figure = tmp_path / "density.svg"
    options = ["--moments", "64", "--vectors", "4", "--bins", "20", "--json", "--figure", str(figure)]
    result = CliRunner().invoke(app, ["density", str(glass_file), "--potential", "laird-schober", *options])
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    exact = kernel_polynomial_density(
        small_glass.interaction(), small_glass.positions_nc, small_glass.mass_n,
        moments=64, vectors=4, bins=20, rng=np.random.default_rng(1),
    )  # fmt: skip
    np.testing.assert_allclose(document["density_w"], exact.density_w, rtol=1e-9, atol=1e-12)
    assert document["n_modes"] == 765 and document["integrated_error"] == pytest.approx(exact.integrated_error)
    assert "density of states of 256 atoms by kernel polynomials: about" in result.stderr
    assert figure.read_text(encoding="utf-8").startswith("<svg")


def test_figure_of_a_density_shows_what_was_computed(small_glass: Glass) -> None:
    found = kernel_polynomial_density(
        small_glass.interaction(), small_glass.positions_nc, small_glass.mass_n,
        moments=64, vectors=4, bins=20, rng=np.random.default_rng(1),
    )  # fmt: skip
    ax = plot_kernel_density(found, spectrum=density_of_states([full_spectrum(small_glass, keep_vectors=0)], bins=20))
    (line,) = [entry for entry in ax.lines if "moments" in str(entry.get_label())]
    np.testing.assert_array_equal(line.get_ydata(), found.density_w)
    assert ax.get_legend() is not None and "omega" in ax.get_xlabel()
