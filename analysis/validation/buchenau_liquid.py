"""Buchenau 1992, section 4: stability of soft modes in the undercooled liquid."""

from __future__ import annotations

import numpy as np
from ase import units
from scipy import integrate, optimize, special

from analysis.thermal import stability
from analysis.validation.formula import Chapter, FormulaCheck, Print, extrapolated
from atomsim.results import Array
from atomsim.units import ELECTRON_VOLT

LIQUID = Chapter("buchenau-1992", "Buchenau 1992, section 4: soft modes in the liquid")
ROUND_OFF = 1e-10  # relative; sums over a few numbers
QUADRATURE = 1e-8  # relative; integrals and roots
DIFFERENCE = 1e-5  # relative; derivatives by differences
SEED = 1992


def liquid_checks() -> tuple[FormulaCheck, ...]:
    """Return the checks of section 4."""
    return (*_free_energy(), *_decomposition(), *_balance(), *_harmonic(), *_without_force(), *_general(),
            *_glass_transition(), *_liquid_numbers())  # fmt: skip


def _moments(energy: float, eta: float) -> tuple[float, float]:
    """Partition function and <x^2> in eps (eta x^2 + x^4) at k_B T = 1, by quadrature."""
    reach = 9 / energy**0.25 + np.sqrt(max(-eta, 0.0))

    def weight(x: float) -> float:
        return float(np.exp(-energy * (eta * x**2 + x**4)))

    zeroth = integrate.quad(weight, 0, reach, epsrel=1e-12, limit=200)[0]
    second = integrate.quad(lambda x: x**2 * weight(x), 0, reach, epsrel=1e-12, limit=200)[0]
    return 2 * zeroth, second / zeroth


def _free(energy: float, eta: float) -> float:
    return -float(np.log(_moments(energy, eta)[0]))


def _free_energy() -> list[FormulaCheck]:
    """Free energy of one mode, its derivative, and the balance of forces on an atom."""
    energy, eta, h = 40.0, -0.12, 1e-4
    slope = (_free(energy, eta + h) - _free(energy, eta - h)) / (2 * h)
    square = float(stability.mean_square(eta * np.sqrt(energy))) / np.sqrt(energy)
    stiff = np.array([1e4, 2e4, 4e4])
    harmonic = [np.exp(-_free(e, 0.5)) / np.sqrt(np.pi / (0.5 * e)) for e in stiff]
    # one displacement z with the energy K z^2/2 and eta = 0.3 - 0.5 z
    stiffness = 200.0
    place = optimize.minimize_scalar(lambda z: stiffness * z**2 / 2 + _free(energy, 0.3 - 0.5 * z), bounds=(-0.5, 0.9),
                                     method="bounded", options={"xatol": 1e-10}).x  # fmt: skip
    here = 0.3 - 0.5 * place
    force = 0.5 * energy * float(stability.mean_square(here * np.sqrt(energy))) / np.sqrt(energy)
    return [
        LIQUID.check("10", "force of the atoms where U + F_k is smallest", form="dU/dx + sum_k dF_k/dx = 0",
                     derived=force, numerical=stiffness * float(place), tolerance=1e-6,
                     remark="U = K z^2/2, one mode with eta = 0.3 - z/2; minimum by a search over integrals"),
        LIQUID.check("11", "Z_k over its harmonic limit", form="Z_k = int dx exp[-V(x)/k_B T]", derived=1.0,
                     numerical=extrapolated(1 / stiff, np.array(harmonic)), tolerance=1e-6, state=Print.DEFINITION,
                     remark="(pi k_B T/eps eta)^(1/2) for eps -> infinity, by quadrature"),
        LIQUID.check("12", "dF_k/d eta_k", form="dF_k/d eta_k = eps_k <x_k^2>", derived=energy * square,
                     numerical=slope, tolerance=DIFFERENCE, unit="k_B T",
                     remark="parabolic cylinder functions against differences of the integral"),
    ]  # fmt: skip


def _matrix() -> tuple[Array, Array, Array]:
    """eta_k and e_k of a random matrix of restoring forces, in units of omega_c^2, and a unit vector s."""
    rng = np.random.default_rng(SEED)
    matrix = rng.normal(size=(9, 9))
    eta, vectors = np.linalg.eigh(matrix @ matrix.T / 9 + 0.2 * np.eye(9))
    s = rng.normal(size=9)
    return eta, vectors, s / np.linalg.norm(s)


def _decomposition() -> list[FormulaCheck]:
    """A local soft mode in terms of eigenmodes of a random matrix."""
    eta, vectors, s = _matrix()
    share = (s @ vectors) ** 2
    matrix = vectors @ np.diag(eta) @ vectors.T
    h = 1e-5
    changed = [np.linalg.eigvalsh(matrix + sign * h * np.outer(s, s)) for sign in (-1, 1)]
    slope = (changed[1] - changed[0]) / (2 * h)
    eps_m = 3.0
    bend = [eps_m * (1 - e) ** 2 for e in (1 - h, 1.0, 1 + h)]
    return [
        LIQUID.check("13", "sum of the shares of the local mode", form="sum_k (s.e_k)^2 = 1", derived=1.0,
                     numerical=float(share.sum()), tolerance=ROUND_OFF, remark="random symmetric matrix"),
        LIQUID.check("14", "restoring force of the local mode", form="eta_s = sum_k (s.e_k)^2 eta_k",
                     derived=float(share @ eta), numerical=float(s @ matrix @ s), tolerance=ROUND_OFF,
                     remark="quadratic form of the matrix along s"),
        LIQUID.check("15", "curvature of U_s over eps_m", form="U_s = eps_m (1 - eta_s)^2", derived=2.0,
                     numerical=(bend[0] - 2 * bend[1] + bend[2]) / h**2 / eps_m, tolerance=1e-3,
                     state=Print.DEFINITION, remark="eps_m at eta_s = 0, nothing at the unsoftened eta_s = 1"),
        LIQUID.check("16", "d eta_k/d eta_s of the softest mode", form="d eta_k/d eta_s = (s.e_k)^2",
                     derived=float(share[0]), numerical=float(slope[0]), tolerance=DIFFERENCE,
                     remark="eigenvalues of the matrix plus eps s s^T by differences; eta_s grows by eps"),
    ]  # fmt: skip


def _balance() -> list[FormulaCheck]:
    """The free energy of one local distortion and all modes, differentiated along the distortion."""
    eta, vectors, s = _matrix()
    share = (s @ vectors) ** 2
    eps_m, energy, h = 4.0, 30.0, 1e-4

    def total(shift: float) -> float:
        local = eps_m * (1 - float(share @ eta) - shift) ** 2
        return local + sum(_free(energy, e + w * shift) for e, w in zip(eta, share, strict=True))

    slope = (total(h) - total(-h)) / (2 * h)
    square = np.array([_moments(energy, e)[1] for e in eta])
    derived, printed = (
        float(np.sum(share * (factor * 2 * energy * square - 2 * eps_m * (1 - eta)))) for factor in (0.5, 1.0)
    )
    single = 0.2
    one = [eps_m * (1 - single - k * h) ** 2 + _free(energy, single + k * h) for k in (-1, 1)]
    square_one = float(stability.mean_square(single * np.sqrt(energy))) / np.sqrt(energy)
    return [
        LIQUID.check("17", "slope of U_s + sum_k F_k along the distortion", derived=derived, printed=printed,
                     form="sum_k (omega_c^2 <A_k^2>/2 - 2 eps_m (1 - eta_k)) (s.e_k)^2 = 0", numerical=slope,
                     printed_form="sum_k (omega_c^2 <A_k^2> - 2 eps_m (1 - eta_k)) (s.e_k)^2 = 0",
                     tolerance=DIFFERENCE, unit="k_B T",
                     remark="differences of the free energy with integrals for every mode; only the half agrees with "
                            "(12), (18) and (20)"),
        LIQUID.check("18", "slope of U_s + F_k of a single mode", unit="k_B T", tolerance=DIFFERENCE,
                     form="dF_k/d eta_k = omega_c^2 <A_k^2>/2 = 2 eps_m (1 - eta_k)",
                     derived=energy * square_one - 2 * eps_m * (1 - single), numerical=(one[1] - one[0]) / (2 * h),
                     remark="the difference of both sides against differences of the free energy; omega_c^2 A^2 = "
                            "2 eps x^2"),
    ]  # fmt: skip


def _harmonic() -> list[FormulaCheck]:
    """Extrema of the free energy of a harmonic mode: the stable and the metastable one."""
    ratio = 5.0

    def free(eta: float) -> float:
        return ratio * (1 - eta) ** 2 + np.log(eta) / 2

    upper = optimize.minimize_scalar(free, bounds=(0.5, 1.0), method="bounded", options={"xatol": 1e-10}).x
    lower = optimize.minimize_scalar(lambda e: -free(e), bounds=(0.005, 0.5), method="bounded",
                                     options={"xatol": 1e-10}).x  # fmt: skip
    derived = stability.harmonic_branches(ratio)
    printed = stability.harmonic_branches_printed(ratio)
    form, printed_form = "eta_1,2 = [1 +- (1 - k_B T/eps_m)^(1/2)]/2", "eta_1,2 = (1 - k_B T/eps_m)^(1/2)/2"
    why = "the print lost the one and the sign of the quadratic equation eta (1 - eta) = k_B T/4 eps_m"
    return [
        LIQUID.check("19", f"{name} at eps_m = 5 k_B T", form=form, printed_form=printed_form, printed=printed,
                     derived=value, numerical=float(found), tolerance=1e-6, remark=f"{what} of the free energy; {why}")
        for name, value, found, what in zip(
            ("eta_1", "eta_2"), derived, (upper, lower), ("minimum", "maximum"), strict=True
        )
    ]  # fmt: skip


def _without_force_residue(ratio: float, reduced: float) -> float:
    """eps_0 <x^2> - 2 eps_m for eta = 0, in units of k_B T."""
    return reduced * _moments(reduced, 0.0)[1] - 2 * ratio


def _without_force() -> list[FormulaCheck]:
    """The purely quartic mode."""
    ratio, w, n, z = 3.0, 2.3, 4.0, 2.5
    energy = 50.0
    root = optimize.brentq(lambda e: _without_force_residue(ratio, e), 1.0, 5000.0, xtol=1e-9)
    integral = integrate.quad(lambda t: t ** (z - 1) * np.exp(-w * t**n), 0, 5, epsrel=1e-12)[0]
    return [
        LIQUID.check("21", "<x^2> of a quartic mode, eps = 50 k_B T", derived=float(stability.mean_square(0.0))
                     / np.sqrt(energy), form="<x^2> = int dx x^2 exp(-eps x^4/k_B T)/Z", tolerance=QUADRATURE,
                     numerical=_moments(energy, 0.0)[1], remark="parabolic cylinder functions against quadrature"),
        LIQUID.check("22", "integral for w = 2.3, n = 4, z = 2.5", form="int_0^inf dt exp(-w t^n) t^(z-1) = "
                     "Gamma(z/n)/(n w^(z/n))", derived=float(special.gamma(z / n) / (n * w ** (z / n))),
                     numerical=float(integral), tolerance=QUADRATURE, remark="adaptive quadrature"),
        LIQUID.check("23", "k_B T eps_0/eps_m^2", form="4 [Gamma(1/4)/Gamma(3/4)]^2 = 35.0150", printed=35.015,
                     derived=stability.energy_without_restoring_force(1.0), numerical=float(root) / ratio**2,
                     tolerance=1e-7, state=Print.CORRECT,
                     remark="balance at eta = 0 solved with integrals, eps_m = 3 k_B T"),
    ]  # fmt: skip


def _general() -> list[FormulaCheck]:
    """Both branches of the balance, solved for the energy with integrals."""
    ratio, prime = 5.0, 1.4
    rows = []
    for upper, name in ((False, "plus sign, below eta_2"), (True, "minus sign, above eta_1")):
        eta, energy = (float(v) for v in stability.stable_energy(prime, ratio, upper=upper))
        root = optimize.brentq(
            lambda e: e * _moments(e, prime / np.sqrt(e))[1] - 2 * ratio * (1 - prime / np.sqrt(e)),
            0.8 * energy, 1.25 * energy, xtol=1e-12,
        )  # fmt: skip
        left = energy * _moments(energy, eta)[1]
        rows += [
            LIQUID.check("20", f"eps <x^2> on the branch {name}", form="eps_k <x_k^2> = 2 eps_m (1 - eta_k)",
                         derived=2 * ratio * (1 - eta), numerical=left, tolerance=QUADRATURE, unit="k_B T",
                         remark="left-hand side by quadrature at a solution"),
            LIQUID.check("24", f"eps_k, {name}", derived=energy, numerical=float(root), tolerance=1e-7, unit="k_B T",
                         form="(eps_k/k_B T)^(1/2) = g +- [g^2 - 2 g eta']^(1/2), g = eps_m/(k_B T <u^2>)",
                         remark=f"eta' = {prime}, eps_m = 5 k_B T; the balance solved for eps_k with integrals"),
        ]  # fmt: skip
    far = np.array([100.0, 200.0, 400.0])
    limit = [far_eta * _moments(1.0, far_eta)[1] for far_eta in far]
    softest = [float(stability.stable_energy(e, ratio)[0]) for e in far]
    return [
        *rows,
        LIQUID.check("text after 24", "eta' <u^2> for large eta'", form="<u^2> = 1/(2 eta')", derived=0.5,
                     numerical=extrapolated(far**-2.0, np.array(limit)), tolerance=1e-6, remark="by quadrature"),
        LIQUID.check("text after 24", "eta_k for large eta'", form="eta_k -> eta_2 as eps_k -> infinity",
                     derived=stability.harmonic_branches(ratio)[1], tolerance=1e-5,
                     numerical=extrapolated(far**-2.0, np.array(softest)),
                     remark="the plus sign of (24) at eta' = 100 to 400"),
    ]  # fmt: skip


def _glass_transition() -> list[FormulaCheck]:
    """eps_m of three glasses from their printed eps_0."""
    rows = []
    for glass in stability.participation_table():
        reduced = glass.printed_energy / ELECTRON_VOLT / (units.kB * glass.glass_temperature)
        root = optimize.brentq(_without_force_residue, 0.5, 50.0, args=(reduced,))
        rows.append(
            LIQUID.check("text after 23", f"eps_m/k_B T_g of {glass.name}", form="eps_m/k_B T_g from (23)",
                         printed=glass.printed_ratio, derived=glass.ratio, numerical=float(root), tolerance=1e-5,
                         state=Print.ESTIMATE, remark=f"printed eps_0 and T_g = {glass.glass_temperature:g} K; the "
                                                      "balance at eta = 0 solved with an integral")
        )  # fmt: skip
    return rows


def _liquid_numbers() -> list[FormulaCheck]:
    """Orders of magnitude of the text."""
    return [
        LIQUID.check("text after 23", "eps_m/k_B T_g from eps_m = 3 k_B T_m, T_g = 0.6 T_m", form="3/0.6", derived=5.0,
                     numerical=3.0 / 0.6, tolerance=ROUND_OFF, state=Print.ESTIMATE,
                     remark="arithmetic of two estimates"),
        LIQUID.check("text after 23", "eps_0/k_B T_g there", form="35.015 * 25", printed=1000.0, state=Print.ESTIMATE,
                     derived=stability.energy_without_restoring_force(5.0), tolerance=1e-6,
                     numerical=float(optimize.brentq(lambda e: _without_force_residue(5.0, e), 1.0, 5000.0, xtol=1e-9)),
                     remark="three orders of magnitude"),
    ]  # fmt: skip
