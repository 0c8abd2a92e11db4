"""A structure from outside: read, described or minimised, and measured. What the verbs of the command line call."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import ase

from analysis.modes import Modes, elasticity, forecast_modes, full_spectrum, lowest_modes, modes_between
from analysis.modes.spectrum import Report
from analysis.soft_modes import Selection, SoftModes, find_soft_modes
from atomsim.certificate import zero_modes_of_cell
from atomsim.engines import is_engine_potential
from atomsim.errors import InputError
from atomsim.formats import read_structure
from atomsim.potentials import get_model
from atomsim.quench import Glass, describe, inherent_structure
from atomsim.structure import check_structure

FIRST_GUESS = 60  # modes computed before it is known how many lie below the lowest phonon

Check = Callable[[ase.Atoms], None]


def structure_of(path: str, potential: str, *, minimise: bool = False, check: Check | None = None) -> Glass:
    """Return the configuration of a file with its certificate, as it stands or moved to the nearest minimum.

    Args:
        path: any file that ASE reads, or an HDF5 file of ours (a group may follow after a colon).
        potential: specification of the potential.
        minimise: move to the nearest minimum, off saddles if need be.
        check: called with what was read, before any work, to refuse what it cannot give.

    Raises:
        InputError: unknown potential, or a file or structure that cannot be used.
        NotConverged: the minimisation did not reach its tolerance.
    """
    model = get_model(potential)
    atoms = read_structure(Path(path))
    if check is not None:
        check(atoms)
    if not minimise:
        return describe(atoms, potential, name=path)
    check_structure(atoms, model, name=path)
    return inherent_structure(atoms, potential, on_saddle="push", name=path)


def count_check(option: str, count: int | None, potential: str, *, zero_modes: bool) -> Check:
    """Return what refuses a structure that has fewer modes than are asked for; its atoms are all it looks at.

    Args:
        option: what the user gave the number to.
        count: the number; any structure will do where absent.
        potential: specification of the potential, of a pair model or of LAMMPS.
        zero_modes: whether the motions that cost nothing count as modes.
    """
    dimension = 3 if is_engine_potential(potential) else get_model(potential).dimension

    def check(atoms: ase.Atoms) -> None:
        most = dimension * len(atoms) - (0 if zero_modes else zero_modes_of_cell(dimension, atoms.pbc))
        _require_count(option, count, most, len(atoms))

    return check


def _require_count(option: str, count: int | None, most: int, n_atoms: int) -> None:
    if count is not None and not 1 <= count <= most:
        raise InputError(f"{option} {count}: expected 1 to {most} modes for {n_atoms} atoms")


def vibrations(
    glass: Glass,
    lowest: int | None = None,
    *,
    between: tuple[float, float] | None = None,
    method: str | None = None,
    report: Report | None = None,
) -> Modes:
    """Return all modes of a configuration, the lowest, or those of a window, without eigenvectors; of a saddle too.

    Args:
        glass: the configuration.
        lowest: number of modes, zero modes included; all where absent.
        between: ends of a window of omega, in place of a number [sqrt(epsilon/m)/sigma].
        method: how they are computed, see :func:`analysis.modes.lowest_modes` and :func:`analysis.modes.modes_between`.
        report: called with lines that say which method is taken for a part of the spectrum and how far it is.

    Raises:
        InputError: the modes do not fit into the memory of this machine, or ``lowest`` or ``between`` is out of range.
    """
    size = glass.dimension * glass.n_atoms
    if between is not None:
        return _without_vectors(modes_between(glass, *between, method=method, report=report), size)
    _require_count("--lowest", lowest, size, glass.n_atoms)
    if lowest is not None and not glass.n_negative:
        return _without_vectors(lowest_modes(glass, lowest, method=method, report=report), lowest)
    forecast_modes(glass.interaction().terms(glass.positions_nc)).require_memory()
    return _without_vectors(full_spectrum(glass, keep_vectors=0), lowest or size)


def _without_vectors(modes: Modes, count: int) -> Modes:
    columns = ("omega_m", "participation_number_m", "effective_mass_m")
    cut = {name: getattr(modes, name)[:count] for name in columns}
    return dataclasses.replace(modes, vectors_mnc=modes.vectors_mnc[:0], **cut)


def measure_soft_modes(glass: Glass, count: int | None = None) -> SoftModes:
    """Return the soft modes of a minimum: its lowest modes, or all below the lowest transverse phonon of the box.

    Args:
        glass: the minimum.
        count: number of modes, zero modes left out; all below the lowest phonon where absent.

    Raises:
        InputError: ``count`` is out of range.
        NotAMinimum: the configuration is not at a minimum.
    """
    glass.certificate.require_minimum(name="the structure", zero_modes=glass.healthy_zero_modes)
    size = glass.dimension * glass.n_atoms
    _require_count("--count", count, size - glass.n_zero_modes, glass.n_atoms)
    elastic = elasticity(glass)
    wanted = min(size, FIRST_GUESS if count is None else count + glass.n_zero_modes)
    modes = lowest_modes(glass, wanted)
    while count is None and wanted < size and modes.omega_m[-1] < elastic.lowest_phonon_frequency:
        wanted = min(size, 2 * wanted)
        modes = lowest_modes(glass, wanted)
    return find_soft_modes(glass, modes, elastic, Selection(count=count))
