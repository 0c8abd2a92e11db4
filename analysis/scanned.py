"""One soft mode of a study, chosen and scanned: the energy along it beside the numbers of its expansion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.modes import Modes
from analysis.soft_modes import ModeScan, SoftModes, scan_mode
from atomsim.errors import InputError
from atomsim.quench import Glass
from atomsim.results import Array, quantity

# In units of the amplitude where the quadratic and the bare quartic energy are equal: where the picture ends (the
# first reach on whose way the atoms keep to their valley), and where the scan ends whose energies are to give the
# coefficients at the minimum.
REACHES, NEAR_REACH = (0.7, 0.4), 0.25


@dataclass(frozen=True)
class ScannedMode:
    """The energy along one soft mode and the expansion coefficients that were contracted at the minimum."""

    n_atoms: int = quantity("1", "number of atoms of the glass")
    glass: int = quantity("1", "place of the glass among those of its size")
    mode: int = quantity("1", "place of the mode among the soft modes of the glass")
    omega: float = quantity("sqrt(epsilon/m)/sigma", "angular frequency")
    tau: float = quantity("epsilon/(m^1.5 sigma^3)", "third derivative along the mode")
    chi_bare: float = quantity("epsilon/(m^2 sigma^4)", "fourth derivative, other modes held")
    chi_relaxed: float = quantity("epsilon/(m^2 sigma^4)", "fourth derivative, modes of higher frequency follow")
    scan: ModeScan = quantity("as its fields say", "computed energies, as far as the mode is drawn")
    near: ModeScan = quantity("as its fields say", "computed energies close to the minimum, for its derivatives")

    def expansion(self, amplitude_s: Array, chi: float) -> Array:
        """Return omega^2 s^2/2 + tau s^3/6 + chi s^4/24 [epsilon].

        Args:
            amplitude_s: values of the coordinate s [sqrt(m) sigma].
            chi: fourth derivative, bare or relaxed [epsilon/(m^2 sigma^4)].
        """
        s = np.asarray(amplitude_s, dtype=float)
        return self.omega**2 * s**2 / 2 + self.tau * s**3 / 6 + chi * s**4 / 24


def choose_mode(soft_modes: Sequence[SoftModes]) -> tuple[int, int] | None:
    """Return glass and mode of the lowest soft mode that its relaxed quartic term bounds, None if there is none.

    Modes without a second minimum, 8 lambda chi > 3 tau^2, come first, and among them modes whose core is one group
    of atoms: two groups betray a hybrid.

    Args:
        soft_modes: the soft modes of each glass.
    """
    candidates = [
        (_second_minimum(modes, m), int(modes.n_cores_m[m] != 1), float(modes.omega_m[m]), g, m)
        for g, modes in enumerate(soft_modes)
        for m in np.flatnonzero(modes.chi_relaxed_m > 0).tolist()
    ]
    return min(candidates)[3:] if candidates else None


def _second_minimum(modes: SoftModes, m: int) -> bool:
    return bool(8 * modes.omega2_m[m] * modes.chi_relaxed_m[m] < 3 * modes.tau_m[m] ** 2)


def scan_soft_mode(
    glass: Glass, modes: Modes, soft: SoftModes, *, place: tuple[int, int], points: int = 8
) -> ScannedMode:
    """Return the energy along one soft mode, held and relaxed, to both sides of the minimum.

    The scan ends where the bare quartic energy is half of the quadratic one; nearer, where the relaxed atoms leave for
    another minimum on the way.

    Args:
        glass: the minimum.
        modes: its spectrum, with the eigenvectors up to the mode.
        soft: its soft modes.
        place: the glass among those of its size, and the mode among its soft modes.
        points: number of amplitudes on each side.

    Raises:
        InputError: the mode is not there, or not bounded by its bare quartic term.
    """
    g, m = place
    if not 0 <= m < len(soft.omega_m):
        raise InputError(f"soft mode {m} of glass {g} does not exist; it has {len(soft.omega_m)}")
    chi = float(soft.chi_bare_m[m])
    if not chi > 0:
        raise InputError(f"soft mode {m} of glass {g} has chi_bare = {chi:.4g}; the scan needs a positive one")
    scale = float(np.sqrt(12 * soft.omega2_m[m] / chi))
    share = np.arange(-points, points + 1) / points
    near_share = np.array([-4, -3, -2, -1, 1, 2, 3, 4]) / 4
    held = modes.vectors_mnc[modes.n_zero_modes : int(soft.index_m[m]) + 1]
    return ScannedMode(
        n_atoms=glass.n_atoms,
        glass=g,
        mode=m,
        omega=float(soft.omega_m[m]),
        tau=float(soft.tau_m[m]),
        chi_bare=chi,
        chi_relaxed=float(soft.chi_relaxed_m[m]),
        scan=_scan_in_its_valley(glass, held, scale * share),
        near=scan_mode(glass, held, NEAR_REACH * scale * near_share),
    )


def _scan_in_its_valley(glass: Glass, held_mnc: Array, amplitude_s: Array) -> ModeScan:
    """The scan to the first reach on whose way the relaxed energy rises to both sides; to the last one in any case."""
    for reach in REACHES[:-1]:
        scan = scan_mode(glass, held_mnc, reach * amplitude_s)
        rise_s = np.diff(scan.relaxed_s) * np.sign(amplitude_s[1:] + amplitude_s[:-1])
        if np.all(rise_s > 0):  # false where the branch ends, which is NaN
            return scan
    return scan_mode(glass, held_mnc, REACHES[-1] * amplitude_s)
