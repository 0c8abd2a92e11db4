"""The verb of the density of states: no diagonalisation, any number of atoms."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from analysis import terminal
from analysis.commands.common import AsJson, FigureFile, check_figure, print_json, write_figure
from atomsim.errors import InputError

ROWS_SHOWN = 40

verbs = typer.Typer()


def _check_options(figure: Path | None, *, moments: int, vectors: int, bins: int) -> None:
    """Refuse before any work what would be refused after it."""
    check_figure(figure)
    if moments < 8 or moments % 4:
        raise InputError(f"--moments {moments}: expected 8 or more, a multiple of 4")
    if vectors < 2:
        raise InputError(f"--vectors {vectors}: expected 2 or more, whose scatter is the error")
    if bins < 1:
        raise InputError(f"--bins {bins}: expected 1 or more")


@verbs.command()
def density(
    structure: Annotated[
        str, typer.Argument(metavar="STRUCTURE", help="any file ASE reads, or our HDF5 (FILE or FILE:GROUP)")
    ],
    potential: Annotated[str, typer.Option("--potential", help="named model: laird-schober, lerner-binary, ...")],
    moments: Annotated[int, typer.Option(help="more moments resolve finer: about omega_max pi/2 over their number")] = (
        512
    ),
    vectors: Annotated[int, typer.Option(help="random vectors; the error falls as one over their root")] = 16,
    bins: Annotated[int, typer.Option(help="equal bins of omega")] = 80,
    seed: Annotated[int, typer.Option(help="of the random vectors")] = 1,
    minimise: Annotated[bool, typer.Option("--minimise", help="move to the nearest minimum first")] = False,
    figure: FigureFile = None,
    as_json: AsJson = False,
) -> None:
    """Vibrational density of states of a minimum by the kernel polynomial method, with errors; to a million atoms.

    Example: atomsim density glass.xyz --potential lerner-binary --vectors 32 --figure density.svg
    """
    import numpy as np

    from analysis.measure import structure_of
    from analysis.modes.forecast import forecast_density
    from analysis.modes.kernel_polynomial import kernel_polynomial_density
    from analysis.study import StudyProgress
    from atomsim.formats import read_structure
    from atomsim.pairs import PairInteraction
    from atomsim.potentials import get_model
    from atomsim.quench import masses_of
    from atomsim.structure import check_structure

    _check_options(figure, moments=moments, vectors=vectors, bins=bins)
    model = get_model(potential)
    atoms = (
        structure_of(structure, potential, minimise=True).to_atoms() if minimise else read_structure(Path(structure))
    )
    check_structure(atoms, model, name=structure)
    interaction = PairInteraction.from_atoms(model, atoms)
    plan = forecast_density(interaction, atoms.positions, moments=moments, vectors=vectors)
    plan.require_memory()
    terminal.remark(str(plan))
    with terminal.RunDisplay() as display:
        found = kernel_polynomial_density(
            interaction,
            atoms.positions,
            masses_of(atoms),
            moments=moments,
            vectors=vectors,
            bins=bins,
            rng=np.random.default_rng(seed),
            progress=lambda share: display(StudyProgress("Chebyshev moments", share, 1.0, int(share < 1))),
        )
    columns = {
        "omega": found.centres_w,
        "density": found.density_w,
        "error": found.error_w,
        "truncation": found.truncation_w,
        "resolution": found.resolution_w,
    }
    if as_json:
        print_json({"n_atoms": len(atoms), **asdict(found), "integrated_error": found.integrated_error})
    else:
        screen = terminal.standard_output()
        screen.print(
            f"{len(atoms)} atoms, {found.n_moments} moments, {found.n_vectors} random vectors; omega in "
            "sqrt(epsilon/m)/sigma, density per vibration"
        )
        step = max(1, bins // ROWS_SHOWN)
        screen.print(terminal.column_table({name: column[::step].tolist() for name, column in columns.items()}))
        screen.print(f"integrated error {found.integrated_error:.2g}; --json prints every bin")
    if figure is not None:
        from analysis.plotting.vibrations import figure_kernel_density

        write_figure(figure, figure_kernel_density(found))
