"""Analyses of any trajectory, as classes of MDAnalysis: ``X(atoms, ...).run(backend=...)``, then ``.results``.

Each frame is worked on by itself, so that frames can be shared out over processes (``backend="multiprocessing"`` or
``"dask"``, ``n_workers=...``); what needs two frames is computed from the gathered positions when all are there.
"""

from __future__ import annotations

import importlib.util
from abc import ABC, abstractmethod
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
from MDAnalysis.analysis.base import AnalysisBase
from MDAnalysis.analysis.results import ResultsGroup

from analysis.excitations.shells import Shells
from analysis.trajectories import displacement
from analysis.trajectories.order_parameters import alloy_of_frame, concentration_wave_intensity, shell_correlations
from analysis.trajectories.pair_distribution import partial_pair_distributions, total_pair_distribution
from analysis.trajectories.reading import Frame, frame_of, quiet, species_of
from analysis.trajectories.structure_factor import StructureFactor, bin_width, mean_structure_factor, structure_factor
from atomsim.errors import InputError, MissingExtra, nearest
from atomsim.pairs import heights
from atomsim.results import Array

UNWRAPPINGS = ("none", "nearest")
BACKENDS = ("serial", "multiprocessing", "dask")


def check_backend(name: str) -> None:
    """Refuse a backend that does not exist or is not installed.

    Args:
        name: its name.

    Raises:
        InputError: an unknown name.
        MissingExtra: dask is not installed.
    """
    if name not in BACKENDS:
        raise InputError(f"backend {name!r}{nearest(name, BACKENDS)}; expected one of {', '.join(BACKENDS)}")
    if name == "dask" and importlib.util.find_spec("dask") is None:
        raise MissingExtra("backend 'dask': the package dask is not installed; get it by: pip install 'atomsim[dask]'")


class FrameAnalysis(AnalysisBase, ABC):
    """Something measured on every frame; ``results.times`` and ``results.frames`` say on which."""

    _analysis_algorithm_is_parallelizable = True
    _shortest = 1  # frames that are needed

    @classmethod
    def get_supported_backends(cls) -> tuple[str, ...]:
        """Return the names of the backends that share out the frames."""
        return BACKENDS

    def __init__(self, atoms: Any) -> None:
        """Prepare the analysis.

        Args:
            atoms: a universe or a group of its atoms.
        """
        super().__init__(atoms.universe.trajectory)
        self.atoms = atoms.atoms
        self.species_n, self.species_names = species_of(self.atoms)
        self._given_times = getattr(self._trajectory, "given_times", None)

    def run(self, *args: Any, **kwargs: Any) -> FrameAnalysis:
        """Analyse the frames and return the analysis itself.

        Args:
            args: start, stop and step of the frames, as MDAnalysis takes them.
            kwargs: these by name, and ``frames``, ``backend``, ``n_workers`` and more.

        Raises:
            InputError: too few frames, a frame that is damaged, one that does not allow the analysis, or an unknown
                backend.
            MissingExtra: the backend is not installed.
        """
        backend = kwargs.get("backend")
        if isinstance(backend, str):
            check_backend(backend)
        with quiet():
            try:
                super().run(*args, **kwargs)
            except (OSError, EOFError, IndexError) as error:
                raise InputError(f"frame {self._trajectory.frame}: cannot be read; truncated? ({error})") from error
        return self

    @abstractmethod
    def measure(self, frame: Frame) -> Any:
        """Return what is gathered of one frame.

        Args:
            frame: the frame.
        """

    def _prepare(self) -> None:
        self.results.rows = []
        self.results.clock = []

    def _compute(self, *args: Any, **kwargs: Any) -> Any:
        """Send back the results alone: with the analysis each process would send its open trajectory, too."""
        super()._compute(*args, **kwargs)
        return SimpleNamespace(results=self.results, frames=self.frames, times=self.times)

    def _single_frame(self) -> None:
        whole = frame_of(self._ts)
        self.results.rows.append(self.measure(Frame(whole.positions_nc[self.atoms.ix], whole.cell_cc)))
        self.results.clock.append((self._ts.frame, self._ts.time))

    def _get_aggregator(self) -> ResultsGroup:
        return ResultsGroup(lookup={"rows": ResultsGroup.flatten_sequence, "clock": ResultsGroup.flatten_sequence})

    def _conclude(self) -> None:
        if len(self.results.rows) < self._shortest:
            raise InputError(f"{len(self.results.rows)} frames; {type(self).__name__} needs {self._shortest} at least")
        self.results.frames = np.array([frame for frame, _ in self.results.clock], dtype=np.int64)
        self.results.times = np.array([time for _, time in self.results.clock], dtype=float)
        if self._given_times is not None:
            self.results.times = self._given_times[self.results.frames]
        self.finish()

    def finish(self) -> None:
        """Turn the gathered rows into results."""


class StructureFactors(FrameAnalysis):
    """S(q) of each frame and its mean with partials: ``results.structure_factor``, ``results.number_number``."""

    def __init__(self, atoms: Any, *, longest: float, width: float | None = None) -> None:
        """Prepare the analysis.

        Args:
            atoms: a universe or a group of its atoms.
            longest: longest wave vector [1/unit of length].
            width: width of the bins of |q|; a quarter of 2 pi over the first box where absent [1/unit of length].

        Raises:
            InputError: a wave vector that is not positive, or no box.
        """
        super().__init__(atoms)
        for name, value in (("longest wave vector", longest), ("width of the bins", width)):
            if value is not None and not 0 < value < np.inf:
                raise InputError(f"{name} = {value}; expected a positive number")
        self.longest = longest
        cell_cc = frame_of(self._trajectory.ts).periodic_cell("a structure factor")
        self.width = bin_width(cell_cc) if width is None else width

    def measure(self, frame: Frame) -> StructureFactor:
        """Return the structure factor of one frame.

        Args:
            frame: the frame.
        """
        cell_cc = frame.periodic_cell("a structure factor")
        return structure_factor(frame.positions_nc, cell_cc, self.species_n, longest=self.longest, width=self.width)

    def finish(self) -> None:
        """Average over the frames."""
        rows = self.results.rows
        self.results.structure_factor = mean_structure_factor(rows)
        self.results.q = self.results.structure_factor.q_b
        self.results.number_number = np.array([row.number_number_b for row in rows])
        self.results.highest_bin = self.results.number_number.max(axis=1)


class PairDistributions(FrameAnalysis):
    """g(r), all pairs and by species, averaged over the frames."""

    def __init__(self, atoms: Any, *, longest: float | None = None, bins: int = 200) -> None:
        """Prepare the analysis.

        Args:
            atoms: a universe or a group of its atoms.
            longest: upper end of g(r); half the height of the first box where absent [unit of length].
            bins: number of equal bins of distance.

        Raises:
            InputError: a distance or a number of bins that is not positive, or no box.
        """
        super().__init__(atoms)
        cell_cc = frame_of(self._trajectory.ts).periodic_cell("g(r)")
        reach = half_height(cell_cc) if longest is None else longest
        if not 0 < reach < np.inf or bins < 1:
            raise InputError(f"g(r) up to {reach} in {bins} bins; expected positive numbers")
        self.edges_r = np.linspace(0.0, reach, bins + 1)

    def measure(self, frame: Frame) -> Array:
        """Return g_ab(r) of one frame [-].

        Args:
            frame: the frame.
        """
        return partial_pair_distributions(frame.positions_nc, frame.periodic_cell("g(r)"), self.species_n, self.edges_r)

    def finish(self) -> None:
        """Average over the frames."""
        partial = np.mean(self.results.rows, axis=0)
        fraction_s = np.bincount(self.species_n) / len(self.species_n)
        self.results.r = 0.5 * (self.edges_r[1:] + self.edges_r[:-1])
        self.results.partial = partial
        self.results.total = total_pair_distribution(partial, fraction_s)


def half_height(cell_cc: Array) -> float:
    """Return half the smallest height of a box, less what single precision may take off it [unit of length].

    Args:
        cell_cc: cell vectors as rows [unit of length].
    """
    return float(heights(cell_cc).min()) / 2 * (1 - 1e-5)


class ShortRangeOrders(FrameAnalysis):
    """Correlation parameter of each shell and S_CC at k_s, frame by frame."""

    def __init__(self, atoms: Any, *, shells: Shells, wave_number: float, width: float) -> None:
        """Prepare the analysis.

        Args:
            atoms: a universe or a group of its atoms.
            shells: the shells of neighbours.
            wave_number: k_s [1/unit of length].
            width: width of the window around k_s [1/unit of length].

        Raises:
            InputError: a wave number or a width that is not positive.
        """
        super().__init__(atoms)
        for name, value in (("k_s", wave_number), ("width of the window", width)):
            if not 0 < value < np.inf:
                raise InputError(f"{name} = {value}; expected a positive number")
        self.shells, self.wave_number, self.width = shells, wave_number, width

    def measure(self, frame: Frame) -> Array:
        """Return alpha of each shell, and S_CC behind them [-].

        Args:
            frame: the frame.
        """
        alloy = alloy_of_frame(frame.positions_nc, frame.periodic_cell("short-range order"), self.species_n)
        intensity = concentration_wave_intensity(alloy, self.wave_number, self.width)
        return np.append(shell_correlations(alloy, self.shells), intensity)

    def finish(self) -> None:
        """Take the columns apart."""
        rows = np.array(self.results.rows)
        self.results.alpha, self.results.concentration_intensity = rows[:, :-1], rows[:, -1]


class Motion(FrameAnalysis):
    """Everything that compares two frames: displacements, self-scattering, overlap, rearrangements.

    ``results``: ``lag``, ``count`` (pairs), ``mean_square_displacement``, ``non_gaussian``, ``scattering``,
    ``overlap``, ``chi4``, ``moved_fraction``, ``cooperativity``; means over the pairs of each lag.
    """

    _shortest = 2

    def __init__(
        self,
        atoms: Any,
        *,
        wave_number: float,
        overlap_length: float,
        moved_length: float,
        origins: str = "all",
        tolerance: float = displacement.LAG_TOLERANCE,
        unwrap: str = "none",
        drift: bool = False,
    ) -> None:
        """Prepare the analysis.

        Args:
            atoms: a universe or a group of its atoms.
            wave_number: q of the self-intermediate scattering function [1/unit of length].
            overlap_length: an atom that moved less than this still overlaps with its place [unit of length].
            moved_length: an atom that moved farther than this counts as moved [unit of length].
            origins: ``"all"`` frames are earlier members of pairs, or the ``"first"`` one.
            tolerance: relative difference of lags that count as equal [-].
            unwrap: ``"none"``, or ``"nearest"`` images from frame to frame.
            drift: keep the mean displacement of all atoms.

        Raises:
            InputError: a length that is not positive, or an unknown word.
        """
        super().__init__(atoms)
        for name, value in (("q", wave_number), ("overlap", overlap_length), ("moved", moved_length)):
            if not 0 < value < np.inf:
                raise InputError(f"{name} = {value}; expected a positive number")
        if unwrap not in UNWRAPPINGS:
            raise InputError(f"unwrap = {unwrap!r}; expected one of {', '.join(UNWRAPPINGS)}")
        self.wave_number, self.overlap_length, self.moved_length = wave_number, overlap_length, moved_length
        self.origins, self.tolerance, self.unwrap, self.drift = origins, tolerance, unwrap, drift

    def measure(self, frame: Frame) -> tuple[Array, Array | None]:
        """Return positions [unit of length] and cell of one frame.

        Args:
            frame: the frame.
        """
        return frame.positions_nc, frame.cell_cc

    def finish(self) -> None:
        """Form the pairs of frames."""
        positions_tnc = self._unwrapped(np.array([positions for positions, _ in self.results.rows]))
        lags = displacement.lags_between(self.results.times, origins=self.origins, tolerance=self.tolerance)
        columns: dict[str, list[float]] = {name: [] for name in self._measures()}
        chi4 = []
        for pairs in lags.pairs_l:
            moved = displacement.displacements(positions_tnc, pairs, drift=self.drift)
            for name, measure in self._measures().items():
                columns[name].append(_mean(measure(moved)))
            still = displacement.overlap(moved, self.overlap_length)
            chi4.append(displacement.dynamic_susceptibility(still, moved.shape[1]))
        self.results.lag, self.results.count = lags.lag_l, lags.count_l
        for name, column in columns.items():
            self.results[name] = np.array(column)
        self.results.chi4 = np.array(chi4)

    def _measures(self) -> dict[str, Callable[[Array], Array]]:
        return {
            "mean_square_displacement": displacement.mean_square_displacement,
            "non_gaussian": displacement.non_gaussian_parameter,
            "scattering": lambda m: displacement.self_intermediate_scattering(m, self.wave_number),
            "overlap": lambda m: displacement.overlap(m, self.overlap_length),
            "moved_fraction": lambda m: displacement.moved_fraction(m, self.moved_length),
            "cooperativity": displacement.cooperativity,
        }

    def _unwrapped(self, positions_tnc: Array) -> Array:
        cells = [cell for _, cell in self.results.rows]
        if any(cell is None for cell in cells):
            return positions_tnc
        name = getattr(self._trajectory, "source", "trajectory")
        if self.unwrap == "nearest":
            return displacement.unwrap_to_nearest(positions_tnc, np.array(cells), name=name)
        displacement.require_unwrapped(positions_tnc, np.array(cells), name=name)
        return positions_tnc


def _mean(values: Array) -> float:
    """The mean over pairs; NaN where no pair gives a number."""
    good = values[np.isfinite(values)]
    return float(good.mean()) if len(good) else float("nan")
