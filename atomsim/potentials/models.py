"""Named glass models: a radial function, a mixing rule, a composition and the usual density."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from atomsim.engines.potential import STYLES
from atomsim.errors import InputError, nearest
from atomsim.potentials.radial import (
    RadialFunction,
    inverse_power,
    lennard_jones,
    shifted_quartic,
    smoothed,
    truncated,
)
from atomsim.results import Array, IntArray


@dataclass(frozen=True)
class Mixing:
    """How the length lambda_ij and the energy epsilon_ij of a pair follow from its two atoms.

    ``kind`` is ``single`` (both are 1), ``species`` (tables indexed by species) or ``sizes``
    (lambda_ij = (s_i + s_j)/2 * (1 - non_additivity |s_i - s_j|), epsilon_ij = 1).
    """

    kind: str = "single"
    lengths: tuple[tuple[float, ...], ...] = ((1.0,),)
    energies: tuple[tuple[float, ...], ...] = ((1.0,),)
    non_additivity: float = 0.0

    def longest(self, size_n: Array) -> float:
        """Return the largest lambda_ij that can occur [sigma].

        Args:
            size_n: diameters of the atoms [sigma].
        """
        if self.kind != "sizes":
            return float(np.max(self.lengths))
        return float(np.max(size_n)) if len(size_n) else 1.0


@dataclass(frozen=True)
class Model:
    """A glass model: what the atoms are and how they interact.

    ``fractions`` are the shares of the species; ``diameters`` the diameter that each species shows in the array
    ``size`` (for ``sizes`` mixing the sizes themselves are drawn by ``draw_sizes``).
    """

    name: str
    radial: RadialFunction
    mixing: Mixing = field(default_factory=Mixing)
    density: float = 1.0
    dimension: int = 3
    fractions: tuple[float, ...] = (1.0,)
    diameters: tuple[float, ...] = (1.0,)
    source: str = ""
    draw_sizes: Callable[[int, np.random.Generator], Array] | None = None

    def __post_init__(self) -> None:
        if self.dimension not in (2, 3):
            raise InputError(f"{self.name}: dimension = {self.dimension} must be 2 or 3")

    def cutoff(self, size_n: Array) -> float:
        """Return the largest interaction range in a configuration [sigma].

        Args:
            size_n: diameters of the atoms [sigma].
        """
        return self.radial.cutoff * self.mixing.longest(size_n)

    def compose(self, n_atoms: int, rng: np.random.Generator) -> tuple[IntArray, Array]:
        """Return species and diameters [sigma] of ``n_atoms`` atoms in random order.

        Args:
            n_atoms: number of atoms.
            rng: source of randomness.
        """
        edges = np.rint(np.cumsum(self.fractions) * n_atoms).astype(int)
        species_n = np.searchsorted(edges, np.arange(n_atoms), side="right")
        rng.shuffle(species_n)
        if self.draw_sizes is not None:
            return species_n, self.draw_sizes(n_atoms, rng)
        return species_n, np.asarray(self.diameters)[species_n]


def laird_schober() -> Model:
    """Return the r^-6 glass: phi = r^-6 + A r^4 + B, r_c = 3, A = 1.5/3^10, B from phi(3) = 0.

    Source: laird-schober-1991 (potential); test: test_laird_schober_potential
    """
    radial = shifted_quartic(inverse_power(6), cutoff=3.0, amplitude=1.5 / 3.0**10)
    return Model(name="laird-schober", radial=radial, density=1.0, source="laird-schober-1991")


def inverse_power_model(*, n: float = 6.0, q: int = 2, cutoff: float = 3.0, dimension: int = 3) -> Model:
    """Return the single-component inverse power law x^-n, smoothed to order q at the cut-off.

    Args:
        n: exponent [-].
        q: smoothing order 0..3, or -1 for a plain truncation.
        cutoff: reduced cut-off distance [-].
        dimension: 2 or 3.

    Raises:
        InputError: a parameter outside its range.
    """
    base = inverse_power(n)
    radial = truncated(base, cutoff) if q == -1 else smoothed(base, cutoff, q)
    return Model(name="inverse-power", radial=radial, density=1.0, dimension=dimension)


def binary_inverse_power(
    *, n: float = 6.0, q: int = 2, cutoff: float = 2.0, ratio: float = 1.2, share: float = 0.5, dimension: int = 3
) -> Model:
    """Return a mixture of inverse-power spheres of lengths 1 and ``ratio``, additive, smoothed to order q.

    The density is the inverse of the mean d-th power of the lengths of all pairs: a mixture with ratio 1 is the
    single-component model at density 1.

    Args:
        n: exponent [-].
        q: smoothing order 0..3.
        cutoff: reduced cut-off distance [-].
        ratio: length of the second species over that of the first [-].
        share: share of the second species, between 0 and 1 [-].
        dimension: 2 or 3.

    Raises:
        InputError: a parameter outside its range.
    """
    if not (0 < share < 1 and 0 < ratio < np.inf):
        raise InputError(
            f"binary-inverse-power: share = {share}, ratio = {ratio}; expected 0 < share < 1 and ratio > 0"
        )
    lengths = ((1.0, (1 + ratio) / 2), ((1 + ratio) / 2, ratio))
    parts = np.array([1 - share, share])
    mean_volume = float(parts @ np.array(lengths) ** dimension @ parts)
    return Model(
        name="binary-inverse-power",
        radial=smoothed(inverse_power(n), cutoff, q),
        mixing=Mixing("species", lengths=lengths, energies=((1.0, 1.0), (1.0, 1.0))),
        density=1.0 / mean_volume,
        fractions=(1 - share, share),
        diameters=(1.0, ratio),
        dimension=dimension,
    )


def lerner_binary(*, dimension: int = 3) -> Model:
    """Return the 50:50 binary r^-10 glass: lambda = 1, 1.18, 1.4, q = 3, x_c = 1.48, density 0.82.

    Source: lerner-2019 (model); test: test_named_models

    Args:
        dimension: 2 or 3.
    """
    return Model(
        name="lerner-binary",
        radial=smoothed(inverse_power(10), cutoff=1.48, order=3),
        mixing=Mixing("species", lengths=((1.0, 1.18), (1.18, 1.4)), energies=((1.0, 1.0), (1.0, 1.0))),
        density=0.82 if dimension == 3 else 0.86,
        dimension=dimension,
        fractions=(0.5, 0.5),
        diameters=(1.0, 1.4),
        source="lerner-2019",
    )


def ninarello(*, dimension: int = 3) -> Model:
    """Return the polydisperse r^-12 glass: P(s) ~ s^-3 for 0.73 < s < 1.62, non-additivity 0.2, x_c = 1.25, q = 2.

    Source: ninarello-2017 (model); test: test_named_models

    Args:
        dimension: 2 or 3.
    """
    return Model(
        name="ninarello",
        radial=smoothed(inverse_power(12), cutoff=1.25, order=2),
        mixing=Mixing("sizes", non_additivity=0.2),
        density=1.0,
        dimension=dimension,
        source="ninarello-2017",
        draw_sizes=partial(inverse_cube_sizes, smallest=0.73, largest=1.62),
    )


def inverse_cube_sizes(n_atoms: int, rng: np.random.Generator, *, smallest: float, largest: float) -> Array:
    """Draw diameters [sigma] from P(s) ~ s^-3 between two limits, by inverting the cumulative distribution.

    Args:
        n_atoms: number of atoms.
        rng: source of randomness.
        smallest: lower limit [sigma].
        largest: upper limit [sigma].
    """
    share = rng.random(n_atoms)
    return (smallest**-2 - share * (smallest**-2 - largest**-2)) ** -0.5


def kob_andersen() -> Model:
    """Return the 80:20 binary Lennard-Jones glass, cut at 2.5 lambda and smoothed to q = 2, density 1.2.

    Source: kob-andersen-1995 (model); test: test_named_models
    """
    return Model(
        name="kob-andersen",
        radial=smoothed(lennard_jones(), cutoff=2.5, order=2),
        mixing=Mixing("species", lengths=((1.0, 0.8), (0.8, 0.88)), energies=((1.0, 1.5), (1.5, 0.5))),
        density=1.2,
        fractions=(0.8, 0.2),
        diameters=(1.0, 0.88),
        source="kob-andersen-1995",
    )


MODELS: dict[str, Callable[..., Model]] = {
    "laird-schober": laird_schober,
    "inverse-power": inverse_power_model,
    "binary-inverse-power": binary_inverse_power,
    "lerner-binary": lerner_binary,
    "ninarello": ninarello,
    "kob-andersen": kob_andersen,
}


def get_model(specification: str) -> Model:
    """Return a named model; parameters may follow a colon, as in ``inverse-power:n=12,q=2,cutoff=1.25``.

    Args:
        specification: name, or name:key=value,...

    Raises:
        InputError: unknown name or parameter, or a value that is not a number.
    """
    name, _, tail = specification.strip().partition(":")
    if name in STYLES:
        raise InputError(f"potential {specification!r} is a file of LAMMPS; expected a pair model: {', '.join(MODELS)}")
    if name not in MODELS:
        raise InputError(
            f"unknown potential {name!r}{nearest(name, (*MODELS, *STYLES))}; known: {', '.join(MODELS)}; of LAMMPS: "
            f"{', '.join(f'{style}:FILE' for style in STYLES)}"
        )
    build = MODELS[name]
    known = build.__kwdefaults__ or {}
    options: dict[str, float | int] = {}
    for item in filter(None, tail.split(",")):
        key, _, text = item.partition("=")
        key = key.strip()
        if key not in known:
            allowed = ", ".join(known) or "none"
            raise InputError(f"potential {name!r}: unknown parameter {key!r} (allowed: {allowed}){nearest(key, known)}")
        try:
            options[key] = type(known[key])(text)
        except ValueError:
            kind = "an integer" if isinstance(known[key], int) else "a number"
            raise InputError(f"potential {name!r}: {key} = {text!r} is not {kind}") from None
    return build(**options)
