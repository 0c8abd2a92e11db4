"""Resistivities of liquid metals: measured, by Ziman's theory, and from the wind on the ions of a liquid.

One r^-6 liquid just above freezing stands for all metals, scaled to the density of each liquid at its melting point.
Ziman's integral is done with the structure factor of that liquid and with that of hard spheres; the wind is that on
some of its ions, with what radius and l_max may change if they err to one side on all ions.
"""

from __future__ import annotations

import argparse

import ase
import numpy as np
from threadpoolctl import threadpool_limits

from analysis.multiple_scattering.electron_gas import mean_free_path_of_scatterers, resistivity
from analysis.multiple_scattering.metals import get_metal
from analysis.multiple_scattering.structures import scale_to_density
from analysis.multiple_scattering.wind_configuration import wind_forces
from analysis.multiple_scattering.wind_input import metal_input
from analysis.multiple_scattering.wind_resistivity import resistivities
from atomsim.dynamics import run, start
from atomsim.pairs import PairInteraction
from atomsim.potentials import get_model
from atomsim.quench import QuenchParameters, make_glass

TEMPERATURE = 0.2  # of the liquid; freezing is at 0.19 [epsilon/k_B]
HOT = QuenchParameters("laird-schober", 500, temperature=0.6, melt_time=5.0)
STEP, TIME = 0.01, 40.0  # of the dynamics [sigma sqrt(m/epsilon)]


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--metals", nargs="+", default=["Na", "K", "Al", "Zn"], help="chemical symbols")
    parser.add_argument("--ions", type=int, default=24, help="ions on which the wind is computed")
    parser.add_argument("--time", type=float, default=TIME, help="in the liquid [sigma sqrt(m/epsilon)]")
    return parser.parse_args()


def liquid(time: float) -> ase.Atoms:
    """Return a configuration of the liquid, in units of its potential."""
    rng = np.random.default_rng(1961)
    atoms = make_glass(HOT, rng).to_atoms()
    interaction = PairInteraction.from_atoms(get_model(HOT.potential), atoms)
    state = start(interaction, atoms.positions, temperature=HOT.temperature, rng=rng)
    for temperature in (HOT.temperature, TEMPERATURE):
        state, _ = run(interaction, state, steps=round(time / 2 / STEP), time_step=STEP, temperature=temperature)
    atoms.positions = state.positions_nc
    return atoms


def row(atoms: ase.Atoms, symbol: str, count: int) -> str:
    """Return the resistivities of one metal [microohm cm]."""
    metal = get_metal(symbol)
    factor = scale_to_density(atoms, metal.liquid_ion_density)
    cell, positions = atoms.cell.array * factor, atoms.positions * factor
    ions = ase.Atoms([symbol] * len(atoms), positions=positions, cell=cell, pbc=True)
    given = metal_input(ions, metal)
    chosen = np.linspace(0, len(atoms), count, endpoint=False).astype(int)
    found = wind_forces(given.configuration, chosen)
    known = resistivities(found, given.configuration, metal, given.k_fermi)
    numbers = [known.measured, known.ziman_born, known.ziman_here]
    for tensor_ncc in (found.kinematic_ncc, found.sigma_ncc):
        lost = float(np.trace(tensor_ncc, axis1=1, axis2=2).mean()) / 3 * len(atoms)
        path = mean_free_path_of_scatterers(lost, found.volume)
        numbers.append(float(resistivity(path, found.wave_number)))
    scalar_n = np.trace(found.sigma_ncc, axis1=1, axis2=2) / 3
    scatter = numbers[-1] * float(scalar_n.std() / np.sqrt(count) / scalar_n.mean())
    cut = numbers[-1] * float(found.error_n.mean() / scalar_n.mean())
    return f"{symbol:2s} " + " ".join(f"{value:9.3g}" for value in (*numbers, scatter, cut))


def main() -> None:
    """Print the table."""
    given = arguments()
    with threadpool_limits(1):
        atoms = liquid(given.time)
        print("microohm cm; Ziman: hard spheres, this liquid; wind: second order, full, error of few ions, of the cut")
        print("    measured   spheres    liquid    second      full      ions       cut")
        for symbol in given.metals:
            print(row(atoms, symbol, given.ions), flush=True)


if __name__ == "__main__":
    main()
