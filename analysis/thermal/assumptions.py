"""What a conductivity rests on, in words: measure, ends of the phonons, what was left out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.thermal.exact import about_exact_channels
from analysis.thermal.exact_landscape import ExactTables
from analysis.thermal.materials import GlassMaterial, KarpovParshinMaterial, Material, numbers_of
from analysis.thermal.scattering import BRANCHES, Channel, Scattering
from atomsim.units import BOLTZMANN, HBAR


def about_form(material: Material, model: str, form: str) -> str:
    """Return what the choice between derived and printed prefactors does.

    Args:
        material: the glass.
        model: how phonons are scattered.
        form: derived or printed.
    """
    if isinstance(material, KarpovParshinMaterial) and model == "closed":
        factor = "3/(8 pi), as derived" if form == "derived" else "1/(24 pi), as printed: nine times too small"
        return f"prefactor of the conductivity limited by tunnelling systems: {factor}"
    return "no formula of this model has two forms: derived and printed are the same"


def about_closed_range(material: KarpovParshinMaterial) -> str:
    """Return where the closed formulas of Karpov and Parshin hold.

    Args:
        material: the glass.
    """
    kelvin = material.glass.W / BOLTZMANN
    return (
        f"tunnelling systems below W/e = {kelvin / np.e:.4g} K; phonons below W joined with those above from W = "
        f"{kelvin:.4g} K on, meant for T >> W; no formula between"
    )


def about_phonons(
    material: Material, model: str, channels: Sequence[Channel], scattering: Scattering, tables: ExactTables | None
) -> dict[str, str]:
    """Return what was assumed of the phonons and of what scatters them.

    Args:
        material: the glass.
        model: how phonons are scattered.
        channels: what scatters.
        scattering: the same in numbers.
        tables: of the exact model.
    """
    kelvin = {branch: float(np.real(end)) * HBAR / BOLTZMANN for branch, end in scattering.ends.items()}
    words = {
        "phonons": "omega = v k; those above "
        + ", ".join(f"{kelvin[s]:.4g} K ({s})" for s in BRANCHES)
        + " are left out and nothing replaces them (the least of the Debye temperature, where given, and of the "
        "frequency at which vibrations shorten the path to v/omega, or W in a region that ends there)",
        "mu": f"omega^4 law times {material.mu:g}",
    }
    words["measure"] = "uniform (D1, D2)" if tables is None else tables.measure
    if isinstance(material, KarpovParshinMaterial):
        glass = material.glass
        words["measure"] = f"uniform (eta, t); W = {glass.W / BOLTZMANN:.4g} K, eta_L = {glass.eta_L:.4g}"
    if tables is not None:
        return words | _about_exact(material, channels, tables)
    if isinstance(material, GlassMaterial) and model == "closed":
        words |= _about_closed(material, channels)
    if model == "two-region":
        words["join"] = "the regions meet at hbar omega = W with a jump; the conductivity moves in proportion to it"
    return words


def _about_exact(material: Material, channels: Sequence[Channel], tables: ExactTables) -> dict[str, str]:
    words = {
        "levels": "absorption from all levels of all potentials, no join; mu - 1 times the leading law of vibrations "
        "beside it",
    }
    if isinstance(material, KarpovParshinMaterial):
        words["channels of the exact model"] = (
            "resonant is the coupling to the deformation, rayleigh the coupling to the displacement"
        )
        words["G"] = "one density of (eta, t) for both types of tunnelling systems"
    if Channel.RELAXATION not in channels and Channel.ACTIVATION not in channels:
        known = isinstance(material, KarpovParshinMaterial) or tables.relaxation is not None
        words["relaxation"] = "left out by choice" if known else _left_out(material)
    elif isinstance(material, KarpovParshinMaterial):
        words["relaxation"] = (
            "rates of all levels by the coupling to the deformation, tunnelling and jumps in one; those by the "
            "displacement are left out"
        )
    else:
        words["relaxation"] = about_exact_channels({name: getattr(material, name) for name in numbers_of(material)})
    if tables.origin:
        words["tables"] = tables.origin
    return words


def _about_closed(material: GlassMaterial, channels: Sequence[Channel]) -> dict[str, str]:
    words = {
        "closed": "between their ranges, near hbar omega = W and for k_B T > W/4, the closed absorptions add up to too "
        "little, by a factor of up to two to four"
    }
    if np.isnan(material.tau_0):
        words["tau_0"] = f"hbar/W = {HBAR / (material.W * BOLTZMANN):.3g} s"
    if Channel.RELAXATION not in channels:
        words["relaxation"] = _left_out(material)
    return words


def _left_out(material: Material) -> str:
    unknown = isinstance(material, GlassMaterial) and np.isnan(material.lambda_l) and np.isnan(material.lambda_t)
    return "left out: it needs lambda_l or lambda_t" if unknown else "left out by choice"
