"""Schaich 1976, section III: sums over all ions, and electrons and holes in bands."""

from __future__ import annotations

import numpy as np
from scipy import special

from analysis.multiple_scattering.electron_gas import electron_density, mean_free_path_of_scatterers
from analysis.multiple_scattering.harmonics import sphere_quadrature
from analysis.multiple_scattering.linear_response import enclosed_electrons
from analysis.multiple_scattering.scattering import transport_tensor
from analysis.multiple_scattering.screened_ions import ScreenedIon, Screening, ScreeningKind
from analysis.multiple_scattering.wind_force import force_tensors
from analysis.validation.formula import Chapter, FormulaCheck, Print
from analysis.validation.schaich_boltzmann import KEY, K
from analysis.validation.schaich_ladder import ACROSS, ALONG, three_wells
from analysis.validation.schaich_models import Ring
from atomsim.results import Array

CHAPTER = Chapter(KEY, "Schaich 1976, section III: sum rules and bands")
MATCHED = 1e-5  # relative; waves left out when wells are matched
DIFFERENCE = 1e-7  # relative; derivatives by differences
COUNTED = 2e-3  # relative; points of a lattice inside a surface
VOLUME = 5000.0  # that three ions have [angstrom^3]


def sum_checks() -> tuple[FormulaCheck, ...]:
    """Return the checks of (36) to (39)."""
    return (*_forces(), *_elements(), *_counts(), *_bands())


def _matched() -> tuple[Array, Array]:
    """Transport tensor of three wells by |F|^2, and the sum of their wind tensors, both by matching."""
    wells = three_wells()
    directions, weights = sphere_quadrature(20)
    rate = weights[:, None] * np.abs(wells.amplitude(directions, directions)) ** 2 * weights
    out, through = rate.sum(axis=0), directions.T @ rate
    lost = (directions.T * out - through) @ directions
    pushed = sum(wells.push(site, directions) for site in range(3))
    return 3 / (4 * np.pi) * lost, 3 / (4 * np.pi) * (pushed * weights) @ directions


def _forces() -> list[FormulaCheck]:
    """The forces on all ions: momentum of the electrons, and their number."""
    lost, pushed = _matched()
    cluster = three_wells().cluster()
    tensor = transport_tensor(cluster)
    path = mean_free_path_of_scatterers(float(np.trace(tensor)) / 3, VOLUME)
    density = float(electron_density(K))
    summed = force_tensors(cluster, tolerance=1e-14).sum(axis=0)
    return [
        CHAPTER.check("36", "electrons that push three ions in 5000 A^3", form="sum_i f_i E = N e E, 1/l of these ions",
                      derived=density * VOLUME, numerical=density * path * float(np.trace(pushed)) / 3,
                      tolerance=MATCHED,
                      remark="forces at the surfaces of three wells by matching, mean free path from their own "
                             "transport cross-section"),
        CHAPTER.check("38a", "sum of the wind tensors of three ions", unit="A^2",
                      derived=float(ALONG @ summed @ ACROSS),
                      form="sum_i f_i,munu E_nu = N_munu e E_nu, sum over all scatterers", tolerance=MATCHED,
                      printed_form="sum over 211 scatterers", state=Print.ILLEGIBLE,
                      numerical=float(ALONG @ lost @ ACROSS),
                      remark="momentum lost, |F|^2 by matching over all pairs of directions; the 211 of the scan is "
                             "'all'"),
        CHAPTER.check("38a", "transport tensor of three ions", unit="A^2", derived=float(ALONG @ tensor @ ACROSS),
                      form="(3/4 pi) int int k^_nu (k^ - l^)_mu |F|^2", numerical=float(ALONG @ pushed @ ACROSS),
                      tolerance=MATCHED, remark="sum of the forces at the surfaces of three wells, by matching"),
    ]  # fmt: skip


def _elements() -> list[FormulaCheck]:
    """The element of the force between plane waves, from the gradient of a screened ion in space."""
    ion = ScreenedIon(Screening(ScreeningKind.THOMAS_FERMI, K), valence=3.0, core_radius=0.59)
    potential, (core, reach), q = ion.potential(), ion.edges, 1.9
    nodes, weights = np.polynomial.legendre.leggauss(80)
    total = 0.0
    for low, high in ((0.0, core), (core, core + 3.0), (core + 3.0, reach)):  # nodes of the series are inside
        slope = np.polynomial.Chebyshev.interpolate(potential, 50, domain=[low, high]).deriv()
        r = low + (high - low) * (nodes + 1) / 2
        total += float(weights @ (special.spherical_jn(1, q * r) * slope(r) * r**2)) * (high - low) / 2
    layer = special.spherical_jn(1, q * core) * core**2
    total += layer * float(potential(np.array(core * (1 + 1e-12))) - potential(np.array(core * (1 - 1e-12))))
    return [
        CHAPTER.check("37", "<k|f|k'> Omega/i along k - k', one screened ion", unit="hbar^2/m",
                      form="<k|f|k'> = -d<k|v(r - R)|k'>/dR = i(k - k')<k|v|k'>", derived=q * float(ion.form_factor(q)),
                      numerical=-4 * np.pi * total, tolerance=DIFFERENCE,
                      remark="gradient of the potential in space, a derivative of Chebyshev series and the jump at the "
                             "core, integrated with the plane waves; derived by the form factor"),
    ]  # fmt: skip


def _ellipsoid(axes: Array, sign: float) -> tuple[Array, float]:
    """Electrons by the surface of an ellipsoid, and twice the lattice points within, per volume."""
    directions, weights = sphere_quadrature(6)
    normal = directions / axes  # not normalised: the gradient of the energy
    area = weights * np.prod(axes) * np.linalg.norm(normal, axis=1)
    found = enclosed_electrons(directions * axes, sign * normal, area)
    length = 160.0
    places = (np.arange(-54, 54)[:, None] + np.array([0.5, 0.21, 0.37])) * 2 * np.pi / length
    x, y, z = (places / axes).T
    inside = x[:, None, None] ** 2 + y[:, None] ** 2 + z**2 < 1
    return found, 2 * float(inside.sum()) / length**3


def _counts() -> list[FormulaCheck]:
    """What the sum rule counts: electrons in a sphere, in an ellipsoid, and holes."""
    sphere, ellipsoid = np.full(3, K), np.array([1.1, 1.5, 2.0])
    remark = "points of a fine lattice of wave vectors inside the Fermi surface"
    rows = (
        ("38b", "N per volume of free electrons", sphere, 1.0, "(1/e) sum_k delta(e_F - e_k) hbar k_mu J_nu"),
        ("text after 39", "N per volume of an ellipsoidal band", ellipsoid, 1.0, "N_munu = N^c delta_munu"),
        ("text after 39", "N per volume of a band of holes", ellipsoid, -1.0, "N_munu = -N^h delta_munu"),
    )
    found = []
    for equation, name, axes, sign, form in rows:
        tensor, counted = _ellipsoid(axes, sign)
        found.append(CHAPTER.check(equation, name, form=form, unit="1/A^3", derived=float(np.trace(tensor)) / 3,
                                   numerical=sign * counted, tolerance=COUNTED, remark=remark))  # fmt: skip
    return found


def _bands() -> list[FormulaCheck]:
    """The current of a Bloch state of a periodic potential."""
    cell = Ring(np.array([0.0, 0.9]), np.array([-2.0, 1.1]), waves=31, length=2.8)

    def band(k: float) -> tuple[Array, Array]:
        energy, states = np.linalg.eigh(np.diag((cell.wave_k + k) ** 2 / 2) + cell.potential)
        return energy, states

    k, step, number = 0.6, 1e-3, 1
    state = band(k)[1][:, number]
    energies = [band(k + n * step)[0][number] for n in (-2, -1, 1, 2)]
    slope = (energies[0] - 8 * energies[1] + 8 * energies[2] - energies[3]) / (12 * step)
    return [
        CHAPTER.check("39", "velocity of a Bloch state in the second band", form="<nk|J|nk>/e = de_nk/d(hbar k)",
                      derived=float(np.sum(np.abs(state) ** 2 * (cell.wave_k + k))), numerical=float(slope),
                      tolerance=DIFFERENCE, remark="mean momentum of the state against differences of its energy"),
    ]  # fmt: skip
