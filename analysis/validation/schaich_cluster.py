"""Schaich 1976, (30) to (35): the vertex of weak ions, of one ion, and of a cluster."""

from __future__ import annotations

from functools import cache

import numpy as np

from analysis.multiple_scattering.cluster import Cluster
from analysis.multiple_scattering.electron_gas import (
    ELECTRON_CHARGE,
    force_per_field,
    mean_free_path_of_time,
    resistivity,
)
from analysis.multiple_scattering.harmonics import sphere_quadrature
from analysis.multiple_scattering.limits import dilute_tensors, kinematic_tensors
from analysis.multiple_scattering.linear_response import second_order_vertex, state_vertex
from analysis.multiple_scattering.phase_shifts import transport_cross_section
from analysis.multiple_scattering.scattering import amplitude
from analysis.multiple_scattering.wind_force import force_tensors, momentum_transfer
from analysis.multiple_scattering.wind_twin import amplitude_gradient, derivative_force_tensors
from analysis.validation.formula import Chapter, FormulaCheck, Print, extrapolated
from analysis.validation.schaich_boltzmann import BAND_MASS, DEPTH, KEY, RADIUS, K, one_well, well_phase_shifts
from analysis.validation.schaich_ladder import ACROSS, ALONG, three_wells
from analysis.validation.schaich_models import Ring
from analysis.validation.schaich_wells import Wells
from atomsim.results import Array
from atomsim.units import ANGSTROM, HBAR

CHAPTER = Chapter(KEY, "Schaich 1976, section II: the force on an ion")
MATCHED = 1e-5  # relative; waves left out when wells are matched
SERIES = 1e-5  # relative; limit of weak potentials from four strengths
STAR = "the superscripts of the scan cannot be read"
ION = 1  # of three wells


def cluster_checks() -> tuple[FormulaCheck, ...]:
    """Return the checks of (30) to (35)."""
    return (*_second_order(), *_one_ion(), *_cluster(), *_derivative(), *_translation(), *_dilute())


# --- (30) ------------------------------------------------------------------------------------------------------


def _second_order() -> list[FormulaCheck]:
    """Second order in the potential: on a ring with its propagators, and as a tensor of a cluster."""
    ring = Ring(np.array([0.0, 1.7, 4.1, 9.0]), np.array([-0.5, 0.3, -0.4, 0.3]))
    k, v, f, g = ring.incoming, ring.potential, ring.force(ION), ring.propagator_k
    scales = np.array([-0.02, -0.01, 0.01, 0.02])
    exact = np.array([float(state_vertex(s * f, s * v, np.diag(g))[k].real) / s**2 for s in scales])
    both_plus = np.sum(v[k] * g * f[:, k]) + np.sum(f[k] * g * v[:, k]) - 2 * (v[k, k] * g[k] * f[k, k])
    wells = three_wells()
    delta, weak = wells.cluster(3).delta_nl, np.array([0.004, 0.008, 0.012, 0.016])
    tensors = [ALONG @ force_tensors(Cluster(wells.positions_nc, s * delta, K), [ION], tolerance=1e-14)[0] @ ACROSS
               / s**2 for s in weak]  # fmt: skip
    born = kinematic_tensors(wells.positions_nc, delta, K, [ION], born=True)[0]
    form = "v = sum_k' [<k|V|k'> G_0^-(k') <k'|f|k> + <k|f|k'> G_0^+(k') <k'|V|k>]"
    printed = "v = sum_k' [<k|V|k'> G_0^*(k') <k'|f|k> + <k|f|k'> G_0^*(k') <k'|V|k>]"
    return [
        CHAPTER.check("30", "second order of the force on an ion of a ring", form=form, printed_form=printed,
                      derived=float(second_order_vertex(f, v, g)[k].real), numerical=extrapolated(scales, exact),
                      state=Print.ILLEGIBLE, tolerance=SERIES,
                      remark=f"{STAR}; force in the scattering state of weaker and weaker ions. G^+ twice would give "
                             f"{both_plus.real:.3g}, and nothing at all for one ion alone"),
        CHAPTER.check("30", "second order of the tensor of one of three ions", unit="A^2", state=Print.ILLEGIBLE,
                      form="sigma_i = (3/4 k^4) int d^3q q_mu q_nu f_i sum_j f_j cos(q.R_ij)/q, q < 2k",
                      printed_form=printed, derived=float(ALONG @ born @ ACROSS), tolerance=1e-4,
                      numerical=extrapolated(weak, np.array(tensors)),
                      remark="whole cluster with smaller and smaller phase shifts; field and force oblique"),
    ]  # fmt: skip


# --- (31) and (32) ---------------------------------------------------------------------------------------------


@cache
def _pushes() -> tuple[Array, Array, Array]:
    """Directions, weights and int |Psi|^2 grad V/k^2 on one of three wells, by matching."""
    directions, weights = sphere_quadrature(20)
    return directions, weights, three_wells().push(ION, directions)


def _one_ion() -> list[FormulaCheck]:
    """One ion: the force in its scattering state."""
    found = one_well().push(0, ALONG[None])
    derived = ALONG @ dilute_tensors(well_phase_shifts()[None], K)[0] @ ALONG
    return [
        CHAPTER.check("31", "force of one electron on one ion along k, over hbar^2 k^2/(m Omega)", unit="A^2",
                      form="v = <k|(1 + t^- G_0^-) f (G_0^+ t^+ + 1)|k>", state=Print.ILLEGIBLE,
                      printed_form="v = <k|(1 + t^† G_0^†) f^† (G_0^† t^† + 1)|k>", tolerance=MATCHED,
                      derived=float(derived), numerical=float(ALONG @ found[:, 0]),
                      remark=f"{STAR}; density at the surface of a square well, by matching, times its force; derived "
                             "by the transport cross-section"),
    ]  # fmt: skip


def _cluster() -> list[FormulaCheck]:
    """An ion of a cluster: force of one electron, and the tensor."""
    directions, weights, pushed = _pushes()
    cluster = three_wells().cluster()
    one = momentum_transfer(cluster, directions[:1], [ION])[0, :, 0]
    found = 3 / (4 * np.pi) * float(weights @ ((ALONG @ pushed) * (directions @ ACROSS)))
    tensor = force_tensors(cluster, [ION], tolerance=1e-14)[0]
    form, printed = "v = <k|(1 + T^- G_0^-) f (G_0^+ T^+ + 1)|k>", "v = <k|(1 + T^† G_0^†) f^† (G_0^† T^† + 1)|k>"
    remark = f"{STAR}; |Psi|^2 at the surface of the well times its force, waves of three wells by matching"
    return [
        CHAPTER.check("32", "force of one electron on one of three ions, over hbar^2 k^2/(m Omega)", unit="A^2",
                      form=form, printed_form=printed, state=Print.ILLEGIBLE, derived=float(ALONG @ one),
                      numerical=float(ALONG @ pushed[:, 0]), tolerance=MATCHED, remark=remark),
        CHAPTER.check("32", "wind tensor of one of three ions", unit="A^2", state=Print.ILLEGIBLE, printed_form=printed,
                      form="sigma = (3/16 pi k^2) Re int dk^ k^_nu a^+ (K_mu - S^+ K_mu S) a", tolerance=MATCHED,
                      derived=float(ALONG @ tensor @ ACROSS), numerical=found, remark=remark),
    ]  # fmt: skip


# --- (33) to (35) ----------------------------------------------------------------------------------------------


def _derivative() -> list[FormulaCheck]:
    """The derivative of T, with T^- and with T^+ on its left."""
    wells = three_wells()
    cluster = wells.cluster(4)
    directions, weights = sphere_quadrature(20)
    gradient = np.tensordot(ALONG, amplitude_gradient(cluster, ION, directions, directions), axes=1)
    both_plus = 1j * gradient * amplitude(cluster, directions, directions).T  # d<k|T^+|l> <l|T^+|k>
    printed = 3 / (4 * np.pi * K) * float((weights * (directions @ ACROSS)) @ (both_plus.real @ weights))
    derived = float(ALONG @ derivative_force_tensors(cluster)[ION] @ ACROSS)
    away, weight, pushed = _pushes()
    found = 3 / (4 * np.pi) * float(weight @ ((ALONG @ pushed) * (away @ ACROSS)))
    form = "v = 2 pi i sum_l (d<k|T^-|l>/dR) delta(e_k - e_l) <l|T^+|k>"
    text = "v = 2 pi i sum_l (d<k|T^+|l>/dR) delta(e_k - e_l) <l|T^+|k>"
    cosine, node_weight = np.polynomial.legendre.leggauss(24)
    out = np.stack([np.sqrt(1 - cosine**2), 0 * cosine, cosine], axis=1)
    f = one_well().amplitude(out, np.array([[0.0, 0.0, 1.0]]))[:, 0]
    moved = 2 * np.pi * node_weight * (1 - cosine)
    alone = transport_cross_section(well_phase_shifts(), K)
    return [
        CHAPTER.check("33", "wind tensor of one of three ions", form=form, printed_form=text, derived=derived,
                      printed=printed, numerical=found, unit="A^2", tolerance=1e-4,
                      remark="|Psi|^2 at the surface of the well times its force, by matching. The left factor is T^-: "
                             "it comes from the wave on the left in (32); T^+ twice is T^2 and no |T|^2"),
        CHAPTER.check("33", "the same for one ion", form=form, printed_form=text, derived=float(alone), unit="A^2",
                      printed=float(moved @ (f**2).real),
                      numerical=float(one_well().push(0, ALONG[None])[:, 0] @ ALONG),
                      tolerance=MATCHED, remark="surface of a square well; T^+ twice gives int (1 - cos) Re f^2"),
    ]  # fmt: skip


def _translation() -> list[FormulaCheck]:
    """The phase of a T-matrix whose ion is elsewhere."""
    place = np.array([0.7, -1.1, 0.4])
    moved = Wells(place[None], np.array([DEPTH]), RADIUS, K)
    centred, shifted = (w.amplitude(ALONG[None], ACROSS[None])[0, 0] for w in (one_well(), moved))
    found = float(np.angle(shifted / centred))
    derived = amplitude(moved.cluster(), ALONG[None], ACROSS[None]) / amplitude(one_well().cluster(), ALONG[None],
                                                                                ACROSS[None])  # fmt: skip
    return [
        CHAPTER.check("34", "phase of <k|t|l> of an ion at R", form="<k|t|l> = <k|t|l>_0 exp[-i(k - l).R]", unit="rad",
                      derived=float(np.angle(derived[0, 0])), numerical=found, tolerance=MATCHED,
                      remark="square well at R and at the origin by matching"),
    ]  # fmt: skip


def _dilute() -> list[FormulaCheck]:
    """One ion: momentum lost by the electrons, and the force in a field."""
    directions, weights = sphere_quadrature(20)
    square = np.abs(one_well().amplitude(directions, ALONG[None])[:, 0]) ** 2
    alone = float(transport_cross_section(well_phase_shifts(), K))
    lost = K * (ALONG - directions)
    time = 2e-14
    path = float(mean_free_path_of_time(time, K, mass=BAND_MASS))
    per_field = float(force_per_field(alone, K, resistivity=float(resistivity(path, K))))
    # n_1 = e E tau hbar k/m on the Fermi surface; sum of hbar k/tau_i over it is e E n tau/tau_i
    push = float(one_well().push(0, ALONG[None])[:, 0] @ ALONG) * ANGSTROM**2
    speed, density = HBAR * K / ANGSTROM / BAND_MASS, (K / ANGSTROM) ** 3 / (3 * np.pi**2)
    form = "v = 2 pi sum |<k|t|l>|^2 (k - l) delta = hbar k [(2 pi/hbar) sum |<k|t|l>|^2 (1 - k^.l^) delta]"
    return [
        CHAPTER.check("35", "force along k, first line, over hbar^2 k^2/(m Omega)", form=form, unit="A^2",
                      derived=alone, numerical=float(weights @ (square * (lost @ ALONG))) / K, tolerance=MATCHED,
                      remark="momentum lost in all directions by matching"),
        CHAPTER.check("35", "the same, second line", form=form, unit="A^2", state=Print.ILLEGIBLE, derived=alone,
                      printed_form="v = hbar k [(2 pi/hbar) sum |<k|t|l>|^2 (1 - k.l) delta]", tolerance=MATCHED,
                      numerical=float(one_well().push(0, ALONG[None])[:, 0] @ ALONG),
                      remark="k and l have lost their hats, against (8); force at the surface of a square well"),
        CHAPTER.check("text after 35", "F/E of one ion at 20 fs", form="F = e E n tau/tau_i = e n l sigma_tr E",
                      unit="N/(V/m)", derived=per_field, tolerance=MATCHED,
                      numerical=ELECTRON_CHARGE * density * time * speed * push,
                      remark="SI, rate of momentum by the force at the surface of a square well"),
    ]  # fmt: skip
