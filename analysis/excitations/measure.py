"""Concentration excitations of a glass, all at once: mechanics, eigenmodes, waves, bounds, overlap with soft modes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis.excitations.alloy import Alloy, alloy_of_glass
from analysis.excitations.canonical import ENERGY_FORMS, instability_temperature, undamped_inertia
from analysis.excitations.concentration_waves import box_vectors
from analysis.excitations.dispersion import ENVELOPE_POWERS, Dispersion, dispersion, wave_constants
from analysis.excitations.displacements import poisson_ratio, volume_change
from analysis.excitations.eigenproblem import (
    INERTIA_THRESHOLD,
    ConcentrationModes,
    ConcentrationSpectrum,
    concentration_modes,
)
from analysis.excitations.force_constants import check_form, envelope, thermal_constants, without_diagonal
from analysis.excitations.mechanics import (
    DisplacementProfile,
    Mechanics,
    displacement_profile,
    mechanics_of_pairs,
)
from analysis.excitations.overlap import DRAWS, SoftModeOverlap, SoftVibrations, soft_mode_overlap
from analysis.excitations.pair_mixture import pair_mixture
from analysis.excitations.shells import distances
from analysis.excitations.short_range_order import CompleteOrder
from analysis.modes import Elasticity
from analysis.soft_modes import SoftModes
from analysis.structure import mean_over_glasses
from atomsim.errors import InputError, UntrustedNumber
from atomsim.potentials import get_model
from atomsim.quench import Glass
from atomsim.results import Array, Estimate, quantity

MOST_WAVES = 1500  # wave vectors of a dispersion; more are thinned evenly


@dataclass(frozen=True)
class ExcitationParameters:
    """How the concentration excitations of a glass are computed."""

    hbar: float = quantity("1", "reduced value of hbar")
    form: str = quantity("1", "force constants: ordering, relaxed or literal", default="ordering")
    keep_diagonal: bool = quantity("1", "keep the self-energies in the eigenproblem", default=False)
    temperature: float = quantity("epsilon/k_B", "adds T/[c(1-c)] to W where above zero", default=0.0)
    threshold: float = quantity(
        "1", "share of the largest I below which a direction is dropped", default=INERTIA_THRESHOLD
    )
    draws: int = quantity("1", "random fields beside the overlap", default=DRAWS)

    def __post_init__(self) -> None:
        """Refuse parameters out of range."""
        check_form(self.form)
        if not (0 < self.hbar < np.inf and 0 <= self.temperature < np.inf and 0 < self.threshold < 1):
            raise InputError(
                f"hbar = {self.hbar}, temperature = {self.temperature}, threshold = {self.threshold}; expected "
                "hbar > 0, temperature >= 0 and 0 < threshold < 1"
            )


@dataclass(frozen=True)
class PairFacts:
    """What only the pair energies of both species can tell."""

    self_constant_l: Array = quantity("epsilon", "diagonal of the relaxed force constants, the self-energies")
    energy_residual: float = quantity("epsilon", "energy per atom by V, J and W less that of the glass")
    instability_temperature: float = quantity("epsilon/k_B", "up to it the disordered alloy on these sites is unstable")


@dataclass(frozen=True)
class Excitations:
    """Concentration excitations of one configuration; ``pairs`` and ``overlap`` where they can be had.

    ``modes`` has eigenvectors where they have just been computed, none where they come from a study.
    """

    modes: ConcentrationSpectrum | ConcentrationModes
    dispersions: tuple[Dispersion, ...]
    profile: DisplacementProfile
    overlap: SoftModeOverlap | None
    pairs: PairFacts | None
    n_atoms: int = quantity("1", "number of atoms")
    inertia_l: Array = quantity("m sigma^2", "moment of inertia I_ll of each ion")
    undamped_inertia_l: Array = quantity("m sigma^2", "largest I that does not decay in the printed form, w = 1")
    poisson: float = quantity("1", "Poisson's ratio")
    volume_change: float = quantity("sigma^3", "derivative of the atomic volume by the concentration")
    form: str = quantity("1", "force constants used: ordering, relaxed or literal")
    hbar: float = quantity("1", "reduced value of hbar")

    @property
    def undamped_fraction(self) -> float:
        """Share of ions whose moment of inertia obeys the bound on undamped excitations [-]."""
        return float(np.mean(self.inertia_l <= self.undamped_inertia_l))

    @property
    def without_vectors(self) -> Excitations:
        """The same without eigenvectors: a few numbers for each ion, wave and excitation, small enough to be kept."""
        return replace(self, modes=self.modes.spectrum) if isinstance(self.modes, ConcentrationModes) else self

    def band_top(self, *, power: float = 0.5) -> float:
        """Return the largest energy of the stable waves in the derived form [epsilon].

        Source: egorushkin-melnikova-1993a (T_0); test: test_band_top_is_the_largest_stable_energy

        Args:
            power: power w of the envelope, one half in the paper that defines T_0 by this frequency [-].

        Raises:
            InputError: no dispersion with this envelope.
            UntrustedNumber: no wave is stable.
        """
        waves = next((wave for wave in self.dispersions if wave.power == power), None)
        if waves is None:
            raise InputError(f"no dispersion with the envelope w = {power:g}")
        energies = waves.energies_q.energy("derived")
        if len(energies) == 0:
            raise UntrustedNumber("no wave of the concentration is stable: the band has no top", waves.energies_q)
        return float(energies.max())

    def summary(self) -> dict[str, tuple[float, str]]:
        """Return the headline numbers: name to value and unit [as stated]."""
        found: dict[str, tuple[float, str]] = {
            "mean_inertia": (float(self.inertia_l.mean()), "m sigma^2"),
            "median_inertia": (float(np.median(self.inertia_l)), "m sigma^2"),
            "condition_number": (self.modes.condition_number, "1"),
            "decaying_share_of_directions": (self.modes.n_decaying / len(self.modes.omega2_m), "1"),
            "median_participation_number": (float(np.median(self.modes.participation_number_m)), "1"),
            "undamped_share_of_ions": (self.undamped_fraction, "1"),
            "poisson_ratio": (self.poisson, "1"),
            "volume_change": (self.volume_change, "sigma^3"),
            "site_energy_A": (self.dispersions[0].site_energy, "epsilon"),
        }
        for waves in self.dispersions:
            for form in ENERGY_FORMS:
                name = f"stable_share_of_waves_{form}_w{waves.power:g}"
                found[name] = (waves.energies_q.stable_fraction(form), "1")
                name = f"stable_share_of_ions_{form}_w{waves.power:g}"
                found[name] = (waves.energies_l.stable_fraction(form), "1")
        return found


def summarise(found: Sequence[Excitations]) -> dict[str, Estimate]:
    """Return the headline numbers of several glasses, means with standard errors [as stated in each].

    Args:
        found: the excitations of each glass.
    """
    rows = [excitations.summary() for excitations in found]
    return {name: mean_over_glasses([row[name][0] for row in rows], unit) for name, (_, unit) in rows[0].items()}


def summarise_overlaps(found: Sequence[SoftModeOverlap]) -> dict[str, dict[str, Estimate]]:
    """Return the shares of soft modes and of excitations; standard errors over glasses, of a single glass its own [-].

    Args:
        found: the overlaps of each glass.
    """
    both = {
        "share_of_a_soft_mode_in": [overlap.shares_of_soft_modes() for overlap in found],
        "share_in_the_soft_modes_of": [overlap.shares_of_excitations() for overlap in found],
    }
    return {
        what: rows[0] if len(rows) == 1 else {n: mean_over_glasses([r[n].value for r in rows], "1") for n in rows[0]}
        for what, rows in both.items()
    }


def thinned(wave_vector_qc: Array, most: int = MOST_WAVES) -> Array:
    """Return at most so many of the wave vectors, evenly from the list [1/sigma].

    Args:
        wave_vector_qc: wave vectors, shortest first [1/sigma].
        most: how many to keep.
    """
    if len(wave_vector_qc) <= most:
        return wave_vector_qc
    return wave_vector_qc[np.linspace(0, len(wave_vector_qc) - 1, most).astype(int)]


def excitations_of(
    alloy: Alloy,
    mechanics: Mechanics,
    mass_n: Array,
    order: CompleteOrder,
    superstructure_qc: Array,
    parameters: ExcitationParameters,
    rng: np.random.Generator,
    *,
    poisson: float,
    volume_change: float,
    longest: float,
    soft: SoftVibrations | None = None,
    pairs: PairFacts | None = None,
) -> Excitations:
    """Return the concentration excitations of a configuration from its mechanics, wherever they come from.

    Args:
        alloy: a minimum, in any units in which hbar, masses and Hessian agree.
        mechanics: displacement fields, moments of inertia and force constants.
        mass_n: masses [m].
        order: correlation parameters, for the envelopes.
        superstructure_qc: wave vectors at which each ion is looked at by itself, averaged over, (S, 3) [1/sigma].
        parameters: how the excitations are computed.
        rng: source of randomness for the random fields.
        poisson: Poisson's ratio, for the continuum beside the fields [-].
        volume_change: derivative of the atomic volume by the concentration, for the same [sigma^3].
        longest: longest wave vector of the dispersions [1/sigma].
        soft: soft modes of the configuration; without them there is no overlap.
        pairs: what the pair energies tell, if there are any.

    Raises:
        InputError: a form of the force constants that the mechanics do not hold.
    """
    waves = _dispersions(alloy, mechanics, order, superstructure_qc, parameters, longest)
    modes = concentration_modes(
        _eigen_constants(mechanics, parameters, alloy.variance), mechanics.inertia_ll, threshold=parameters.threshold
    )
    overlap = None
    if soft is not None and len(soft.omega_m):
        overlap = soft_mode_overlap(
            modes,
            mechanics.displacement_ncl,
            mass_n,
            mechanics.hessian,
            soft.vectors_mnc,
            soft.omega_m,
            rng,
            draws=parameters.draws,
        )
    full = next(wave for wave in waves if wave.power == 1.0)
    return Excitations(
        modes=modes,
        dispersions=waves,
        profile=displacement_profile(alloy, mechanics.displacement_ncl),
        overlap=overlap,
        pairs=pairs,
        n_atoms=alloy.n_atoms,
        inertia_l=mechanics.inertia_l.copy(),
        undamped_inertia_l=undamped_inertia(4 * full.exchange_l / alloy.variance, parameters.hbar, alloy.variance),
        poisson=poisson,
        volume_change=volume_change,
        form=parameters.form,
        hbar=parameters.hbar,
    )


def glass_excitations(
    glass: Glass,
    order: CompleteOrder,
    superstructure_qc: Array,
    elastic: Elasticity,
    parameters: ExcitationParameters,
    rng: np.random.Generator,
    *,
    longest: float,
    soft: SoftModes | None = None,
) -> Excitations:
    """Return the concentration excitations of a glass of a binary pair model.

    Args:
        glass: a minimum of a binary pair model.
        order: its correlation parameters, for the envelopes.
        superstructure_qc: wave vectors at which each ion is looked at by itself, averaged over, (S, 3) [1/sigma].
        elastic: its elastic constants.
        parameters: how the excitations are computed.
        rng: source of randomness for the random fields.
        longest: longest wave vector of the dispersions [1/sigma].
        soft: its soft modes; without them there is no overlap.

    Raises:
        InputError: the glass is no binary alloy, or its potential no pair model of two species.
        NotAMinimum: the glass is not at a minimum.
    """
    alloy, model = alloy_of_glass(glass), get_model(glass.model)
    mechanics = mechanics_of_pairs(alloy, model, glass.mass_n)
    mixture, delta = pair_mixture(alloy, model), alloy.deviation_n
    ordering_q = wave_constants(
        mechanics.form("ordering"), alloy.positions_nc, thinned(box_vectors(alloy.cell_cc, longest))
    )
    return excitations_of(
        alloy,
        mechanics,
        glass.mass_n,
        order,
        superstructure_qc,
        parameters,
        rng,
        poisson=poisson_ratio(elastic.bulk_modulus, elastic.shear_modulus),
        volume_change=volume_change(
            mixture, delta, mechanics.displacement_ncl, volume=alloy.volume, bulk_modulus=elastic.bulk_modulus
        ),
        longest=longest,
        soft=soft,
        pairs=PairFacts(
            self_constant_l=np.diag(mechanics.form("relaxed")).copy(),
            energy_residual=mixture.terms(delta).energy() / glass.n_atoms - glass.energy,
            instability_temperature=instability_temperature(ordering_q, alloy.variance),
        ),
    )


def _eigen_constants(mechanics: Mechanics, parameters: ExcitationParameters, variance: float) -> Array:
    """W of the eigenproblem: without self-energies unless asked for, with the entropy of mixing at a temperature."""
    constants_ll = mechanics.form(parameters.form)
    if not parameters.keep_diagonal:
        constants_ll = without_diagonal(constants_ll)
    return thermal_constants(constants_ll, parameters.temperature, variance) if parameters.temperature else constants_ll


def _dispersions(
    alloy: Alloy,
    mechanics: Mechanics,
    order: CompleteOrder,
    superstructure_qc: Array,
    parameters: ExcitationParameters,
    longest: float,
) -> tuple[Dispersion, ...]:
    constants_ll = without_diagonal(mechanics.form(parameters.form))
    distance_ll = distances(alloy)
    return tuple(
        dispersion(
            constants_ll * envelope(order, distance_ll, power),
            mechanics.inertia_l,
            alloy.positions_nc,
            thinned(box_vectors(alloy.cell_cc, longest)),
            superstructure_qc=superstructure_qc,
            power=power,
            hbar=parameters.hbar,
            variance=alloy.variance,
            self_constant=parameters.temperature / alloy.variance,
        )
        for power in ENVELOPE_POWERS
    )
