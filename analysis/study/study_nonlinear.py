"""What the nonlinear modes of all glasses of a study say together, kind by kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.soft_modes.far_field import distances_from_core
from analysis.soft_modes.nonlinear import NonlinearModes
from analysis.soft_potential.resampling import bootstrap, bootstrap_error
from analysis.structure import mean_over_glasses
from atomsim.pairs import heights
from atomsim.quench import Glass
from atomsim.results import Array, Estimate, IntArray, quantity

SHELLS = 14  # of the mean decay
NEAREST_SHELL = 0.6  # inner edge of the first shell [sigma]


@dataclass(frozen=True, eq=False)
class KindSummary:
    """The nonlinear modes of one kind, ``_p`` over the modes of all glasses; errors by drawing whole glasses anew.

    The decay is that of the glasses of the largest size.
    """

    kind: str = quantity("text", "cubic, quartic or pseudo-harmonic")
    glass_p: IntArray = quantity("1", "which glass the mode belongs to")
    omega_p: Array = quantity("sqrt(epsilon/m)/sigma", "square root of the stiffness")
    participation_number_p: Array = quantity("1", "participation number")
    core_radius_p: Array = quantity("sigma", "root mean square radius of the core")
    far_exponent_p: Array = quantity("1", "x of |u| ~ r^-x outside the core; NaN where the cell is too small")
    harmonic_share_p: Array = quantity("1", "largest squared overlap with a vibration")
    n_glasses: int = quantity("1", "glasses searched")
    n_starts: int = quantity("1", "starts of searches")
    n_failed: int = quantity("1", "searches that did not converge")
    n_not_minima: int = quantity("1", "modes at which the barrier function has more than one negative eigenvalue")
    largest_residual: float = quantity("1", "largest relative gradient of the barrier function; NaN without modes")
    largest_scan_error: float = quantity("1", "largest deviation of energies along a mode from its expansion")
    per_glass: Estimate = quantity("1", "distinct modes of one glass")
    far_exponent: Estimate = quantity("1", "median x of |u| ~ r^-x outside the core")
    harmonic_share: Estimate = quantity("1", "median of the largest squared overlap with a vibration")
    hybridised: Estimate = quantity("1", "share of modes of which no vibration carries half")
    participation_number: Estimate = quantity("1", "median participation number")
    distance_s: Array = quantity("sigma", "distance from the core")
    displacement_s: Array = quantity("1", "median displacement there over the largest of its mode, over the modes")
    low_s: Array = quantity("1", "lower end of the middle two thirds of the modes")
    high_s: Array = quantity("1", "upper end of the middle two thirds of the modes")
    decay_atoms: int = quantity("1", "atoms of the glasses of the decay")
    half_cell: float = quantity("sigma", "half the smallest height of their cell")

    def __len__(self) -> int:
        """Number of modes."""
        return len(self.glass_p)


@dataclass(frozen=True, eq=False)
class StudyNonlinear:
    """The nonlinear modes of a study."""

    kinds: tuple[KindSummary, ...] = quantity("as their fields say", "one summary for each kind")


def study_nonlinear(
    glasses: Sequence[Glass],
    found: Sequence[Sequence[NonlinearModes]],
    rng: np.random.Generator,
    *,
    resamples: int,
) -> StudyNonlinear:
    """Return the summary of each kind of nonlinear modes.

    Args:
        glasses: the glasses.
        found: the modes of each glass, of the same kinds in the same order.
        rng: source of randomness.
        resamples: draws of glasses for the errors.
    """
    return StudyNonlinear(tuple(_kind(glasses, one, rng, resamples) for one in zip(*found, strict=True)))


def _kind(
    glasses: Sequence[Glass], found: Sequence[NonlinearModes], rng: np.random.Generator, resamples: int
) -> KindSummary:
    counts = [len(modes.stiffness_m) for modes in found]
    glass_p = np.repeat(np.arange(len(found)), counts)

    def pooled(name: str) -> Array:
        return np.concatenate([np.asarray(getattr(modes, name), dtype=float) for modes in found])

    def estimate(value_p: Array, statistic: Callable[[Array], float]) -> Estimate:
        return over_glasses(value_p, glass_p, len(found), statistic, rng, resamples)

    share_p, exponent_p = pooled("harmonic_share_m"), pooled("far_exponent_m")
    return KindSummary(
        kind=found[0].kind,
        glass_p=glass_p,
        omega_p=pooled("omega_m"),
        participation_number_p=pooled("participation_number_m"),
        core_radius_p=pooled("core_radius_m"),
        far_exponent_p=exponent_p,
        harmonic_share_p=share_p,
        n_glasses=len(found),
        n_starts=sum(modes.n_starts for modes in found),
        n_failed=sum(modes.n_failed for modes in found),
        n_not_minima=int(np.sum(pooled("n_negative_m") != 1)),
        largest_residual=float(np.max(pooled("residual_m"), initial=-np.inf)) if sum(counts) else float("nan"),
        largest_scan_error=float(np.max(pooled("scan_error_m"), initial=-np.inf)) if sum(counts) else float("nan"),
        per_glass=mean_over_glasses(counts, "1"),
        far_exponent=estimate(exponent_p, lambda x: float(np.median(x))),
        harmonic_share=estimate(share_p, lambda x: float(np.median(x))),
        hybridised=estimate(pooled("hybridised_m"), lambda x: float(np.mean(x))),
        participation_number=estimate(pooled("participation_number_m"), lambda x: float(np.median(x))),
        **_decay(glasses, found),
    )


def over_glasses(
    value_p: Array,
    glass_p: IntArray,
    n_glasses: int,
    statistic: Callable[[Array], float],
    rng: np.random.Generator,
    resamples: int,
) -> Estimate:
    """Return a statistic of pooled values with its error from drawing whole glasses anew; NaN values are left out.

    Args:
        value_p: values, several or none of each glass [any unit].
        glass_p: the glass that each belongs to.
        n_glasses: number of glasses.
        statistic: of a list of values.
        rng: source of randomness.
        resamples: draws.
    """
    known = np.isfinite(value_p)
    values, owner = value_p[known], glass_p[known]
    if not len(values):
        return Estimate(np.nan, np.nan, "1", "no glass of the study has such a number")
    if len(np.unique(owner)) < 2:
        return Estimate(statistic(values), np.nan, "1", "from one glass: no error")

    def drawn(counts_g: IntArray) -> dict[str, float]:
        sample = np.repeat(values, counts_g[owner])
        return {"value": statistic(sample) if len(sample) else np.nan}

    replicates = bootstrap(drawn, n_glasses, rng, resamples=resamples)["value"]
    return Estimate(statistic(values), bootstrap_error(replicates, n_glasses), "1")


def _decay(glasses: Sequence[Glass], found: Sequence[NonlinearModes]) -> dict[str, Any]:
    """Displacements against the distance from the core: medians in shells of each mode, then over the modes."""
    largest = max(glass.n_atoms for glass in glasses)
    chosen = [pair for pair in zip(glasses, found, strict=True) if pair[0].n_atoms == largest]
    first = chosen[0][0]
    edges = np.geomspace(NEAREST_SHELL, 0.5 * float(np.linalg.norm(np.diag(first.cell_cc))), SHELLS + 1)
    rows = [_shells(glass, vector_nc, edges) for glass, modes in chosen for vector_nc in modes.vectors_mnc]
    table = np.array(rows).reshape(len(rows), SHELLS)
    enough = np.isfinite(table).sum(axis=0) > len(rows) / 2 if len(rows) else np.zeros(SHELLS, bool)
    parts = [1 / 6, 0.5, 5 / 6]
    low, middle, high = np.nanquantile(table[:, enough], parts, axis=0) if enough.any() else np.zeros((3, 0))
    return {
        "distance_s": np.sqrt(edges[1:] * edges[:-1])[enough],
        "displacement_s": middle,
        "low_s": low,
        "high_s": high,
        "decay_atoms": largest,
        "half_cell": 0.5 * float(heights(first.cell_cc)[: first.dimension].min()),
    }


def _shells(glass: Glass, vector_nc: Array, edges: Array) -> Array:
    """The median displacement of one mode in each shell over its largest; NaN where a shell holds no atom."""
    size_n = np.linalg.norm(vector_nc / np.sqrt(glass.mass_n)[:, None], axis=1)
    shell_n = np.digitize(distances_from_core(glass, vector_nc), edges) - 1
    inside = [size_n[shell_n == s] for s in range(len(edges) - 1)]
    return np.array([np.median(sizes) / size_n.max() if len(sizes) else np.nan for sizes in inside])
