"""A whole study of very small glasses, computed once, for tests of what comes after the computation."""

from __future__ import annotations

import json
from functools import cache

import numpy as np

from analysis.modes import elasticity, full_spectrum
from analysis.scanned import choose_mode, scan_soft_mode
from analysis.soft_modes import Selection, find_soft_modes
from analysis.soft_potential import fit_ensemble, soft_potentials
from analysis.study.results import EnsembleResults, WholeStudy, ensemble_results
from analysis.thermal import predict_thermal
from atomsim.potentials import get_model
from atomsim.provenance import make_provenance
from atomsim.quench import Glass, inherent_structure
from atomsim.structure import random_start
from atomsim.units import get_material

POTENTIAL = "inverse-power:n=10,q=3,cutoff=1.7"
SIZES = ((80, 3), (108, 2))
SAME_ENERGY = 1e-8  # of two copies of one minimum, per atom [epsilon]
NAME = 'tiny <study> & "quotes"'


@cache
def tiny_ensembles() -> tuple[EnsembleResults, ...]:
    """Glasses of two sizes with spectra, elastic constants and soft modes."""
    return tuple(_ensemble(n_atoms, count) for n_atoms, count in SIZES)


def _measured(glass: Glass) -> tuple:
    modes, elastic = full_spectrum(glass), elasticity(glass)
    return glass, modes, elastic, find_soft_modes(glass, modes, elastic, Selection(count=6))


def _different_glasses(n_atoms: int, count: int) -> list[Glass]:
    """The first minima that random starts descend to without repetition: a box so small has few of low energy."""
    found: list[Glass] = []
    for seed in range(8 * count):
        start = random_start(get_model(POTENTIAL), n_atoms, 1.0, np.random.default_rng([n_atoms, seed]))
        glass = inherent_structure(start, POTENTIAL, on_saddle="push")
        if all(abs(glass.energy - other.energy) > SAME_ENERGY for other in found):
            found.append(glass)
        if len(found) == count:
            return found
    raise AssertionError(f"{8 * count} starts of {n_atoms} atoms lead to {len(found)} different glasses only")


def _ensemble(n_atoms: int, count: int) -> EnsembleResults:
    return ensemble_results(*zip(*map(_measured, _different_glasses(n_atoms, count)), strict=True))


@cache
def tiny_study() -> WholeStudy:
    """The study, with a scanned mode of the smallest glasses."""
    ensembles, material = tiny_ensembles(), get_material("sodium")
    found = [soft for e in ensembles for soft in e.soft_modes]
    sound = ensembles[-1].sound
    velocities = {
        "longitudinal_velocity": sound.longitudinal_velocity.value,
        "transverse_velocity": sound.transverse_velocity.value,
    }
    parameters = fit_ensemble(
        found,
        hbar=material.hbar,
        length=1.0,
        mass_density=1.0,
        rng=np.random.default_rng(5),
        resamples=40,
        **velocities,
    )
    columns = ("omega_m", "tau_m", "chi_relaxed_m", "effective_mass_m")
    numbers = np.array([np.concatenate([getattr(soft, name) for soft in found]) for name in columns])
    numbers = numbers[:, numbers[2] > 0]
    place = choose_mode(ensembles[0].soft_modes)
    assert place is not None
    scanned_glass = ensembles[0].glasses[place[0]]
    return WholeStudy(
        name=NAME,
        configuration={"study": {"name": NAME, "seed": 3}, "glass": {"potential": POTENTIAL, "sizes": [80, 108]}},
        ensembles=ensembles,
        soft_potentials=soft_potentials(*numbers, hbar=material.hbar, length=1.0),
        parameters=parameters,
        thermal=predict_thermal(
            parameters,
            material,
            mass_density=1.0,
            number_density=1.0,
            omega_samples=[
                e.vibrations.omega_m[e.vibrations.glass_m == g] for e in ensembles for g in range(len(e.glasses))
            ],
            volume_samples=[g.volume for e in ensembles for g in e.glasses],
            temperature_T=np.geomspace(0.02, 400, 12),
            experiment_time=1.0,
            band_draws=22,
            **velocities,
        ),
        material=material,
        scanned=scan_soft_mode(
            scanned_glass, full_spectrum(scanned_glass), ensembles[0].soft_modes[place[0]], place=place, points=6
        ),
        provenance=make_provenance(configuration=json.dumps({"a": 1}), seed="3", command="atomsim run <tiny>"),
    )
