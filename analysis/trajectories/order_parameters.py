"""Order parameters of ageing: short-range order and concentration waves, normalised between as-quenched and final.

Two powers: eta_alpha is linear in the correlation parameter of a shell, eta_c is the root of the intensity of
concentration waves, as the order parameter of the theory is the root of the number of excitations, N_q ~ eta^2.
"""

from __future__ import annotations

import numpy as np

from analysis.excitations.alloy import Alloy
from analysis.excitations.concentration_waves import box_vectors, concentration_intensity
from analysis.excitations.shells import Shells
from analysis.excitations.short_range_order import short_range_order
from atomsim.errors import InputError
from atomsim.results import Array, IntArray


def alloy_of_frame(positions_nc: Array, cell_cc: Array, species_n: IntArray) -> Alloy:
    """Return a frame as a binary alloy.

    Args:
        positions_nc: positions [sigma].
        cell_cc: cell vectors as rows [sigma].
        species_n: 0 or 1 for each atom.

    Raises:
        InputError: not two species.
    """
    kinds = int(species_n.max()) + 1
    if kinds != 2:
        raise InputError(f"{kinds} species; order parameters need an alloy of exactly two, 0 < c < 1")
    return Alloy(positions_nc, cell_cc, species_n)


def shell_correlations(alloy: Alloy, shells: Shells) -> Array:
    """Return the correlation parameter alpha_s of each shell [-].

    Args:
        alloy: the configuration.
        shells: the shells.
    """
    return short_range_order(alloy, shells).correlation_s


def concentration_wave_intensity(alloy: Alloy, wave_number: float, width: float) -> float:
    """Return S_CC, the mean of <|c_k|^2> over the wave vectors of the box in a window of |k| [-].

    Args:
        alloy: the configuration.
        wave_number: centre of the window [1/sigma].
        width: width of the window [1/sigma].

    Raises:
        InputError: no wave vector of the box lies there.
    """
    vector_qc = box_vectors(alloy.cell_cc, wave_number + width / 2)
    chosen = np.linalg.norm(vector_qc, axis=1) >= wave_number - width / 2
    if not chosen.any():
        raise InputError(
            f"no wave vector of the box between {wave_number - width / 2:.4g} and {wave_number + width / 2:.4g}; the "
            "box resolves 2 pi over its height: widen the window or use a larger box"
        )
    return float(concentration_intensity(alloy, vector_qc[chosen]).mean())


def linear_order_parameter(value_t: Array, *, start: float, final: float) -> Array:
    """Return eta_alpha(t) = [alpha(t) - alpha(0)]/[alpha(inf) - alpha(0)] [-].

    Source: concentration-notes (eta_alpha); test: test_order_parameters_are_the_two_powers

    Args:
        value_t: alpha at each time [-].
        start: alpha of the as-quenched state [-].
        final: fitted alpha at infinite time, not that of the last frame [-].

    Raises:
        InputError: start and final are equal.
    """
    if final == start:
        raise InputError(f"final value {final:g} equals the start: no change to normalise by")
    return (np.asarray(value_t, dtype=float) - start) / (final - start)


def root_order_parameter(value_t: Array, *, start: float, final: float) -> Array:
    """Return eta_c(t) = {[S_CC(t) - S_CC(0)]/[S_CC(inf) - S_CC(0)]}^{1/2} [-]; minus the root of a negative ratio.

    The background c(1-c) of the random alloy drops out of the differences. Noise around zero gives either sign, so
    that the mean of the square is not biased.

    Source: concentration-notes (eta_c); test: test_order_parameters_are_the_two_powers

    Args:
        value_t: S_CC(k_s) at each time [-].
        start: that of the as-quenched state [-].
        final: fitted value at infinite time [-].
    """
    ratio = linear_order_parameter(value_t, start=start, final=final)
    return np.sign(ratio) * np.sqrt(np.abs(ratio))
