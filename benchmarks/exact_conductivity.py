"""The exact conductivity of silica from a table of the absorption, beside nested adaptive quadrature of one integral.

Resonant absorption only: relaxation and activation are left out of the comparison on both sides. The table is made in
the same run and its time told. Nested quadrature takes from half a minute per temperature, and the more the hotter,
because more levels are occupied: it is timed at a few cold temperatures, and nothing is claimed about the others but
that they take no less. Both are compared with a nested quadrature of a tighter tolerance; where either is further
from it than the error allowed, times are not compared. Prints one JSON document.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import numpy as np
from scipy.integrate import quad
from threadpoolctl import threadpool_limits

from analysis.soft_potential.absorption_table import tabulate_absorption
from analysis.soft_potential.level_table import Resolution
from analysis.thermal.absorption import Absorption
from analysis.thermal.exact import exact_scattering
from analysis.thermal.kappa import conductivity, material_numbers
from analysis.thermal.materials import GlassMaterial, get_glass
from analysis.thermal.phonons import mode_heat_capacity
from analysis.thermal.scattering import BRANCHES, Channel
from analysis.thermal.spectrum import phonon_spectrum
from atomsim.errors import AtomsimError, InputError
from atomsim.results import Array
from atomsim.units import BOLTZMANN, HBAR

sys.path.insert(0, str(Path(__file__).parent))
from harness import OURS, Row
from nested_absorption import NestedAbsorption

Result = TypeVar("Result")

MATERIAL = "silica"
TEMPERATURES = np.geomspace(0.01, 300.0, 200)  # [K]
NESTED_TEMPERATURES = (0.03,)  # [K]
TOLERANCE, TIGHTER = 1e-3, 3e-4  # of the nested quadrature and of the one that both are compared with
LARGEST_ERROR = 1e-3  # of conductivities whose times are compared, relative [-]
LAST_X = 25.0  # hbar omega/k_B T of the last phonon that counts
RESONANT = ("resonant",)
REPEATS = 7


@dataclass(frozen=True)
class Comparison:
    """What was computed and how long it took on one core; one entry for each temperature of the nested quadrature."""

    material: str
    channels: tuple[str, ...]
    temperature_K: list[float]
    kappa_table: list[float]  # [W/(m K)]
    kappa_nested: list[float]  # [W/(m K)]
    kappa_reference: list[float]  # [W/(m K)]
    error_table: list[float]  # relative to the reference
    error_nested: list[float]
    seconds_nested: list[float]  # processor time per temperature
    potentials_nested: list[int]  # solved per temperature
    seconds_tabulation: float
    n_temperatures: int
    seconds_table: list[float]  # for all temperatures, of each repeat, after tabulation
    seconds_front_door: list[float]  # the same through the function that users call, with the specific heat
    note: str

    @property
    def ratios(self) -> list[float]:
        """Return how many times as long nested quadrature takes per temperature, for each repeat and temperature."""
        return [nested * self.n_temperatures / table for nested in self.seconds_nested for table in self.seconds_table]

    @property
    def ratio_with_tabulation(self) -> float:
        """Return the same for all temperatures with the tabulation, as if each took what the quickest nested one did.

        Nested quadrature takes longer at all hotter temperatures: the ratio is a lower bound.
        """
        table = self.seconds_tabulation + float(np.median(self.seconds_table))
        return min(self.seconds_nested) * self.n_temperatures / table

    def document(self) -> dict[str, object]:
        """Return everything for JSON."""
        return {**asdict(self), "ratios": self.ratios, "ratio_with_tabulation_at_least": self.ratio_with_tabulation}


def nested_conductivity(
    material: GlassMaterial, temperature: float, tolerance: float, ends: Mapping[str, float]
) -> tuple[float, int]:
    """Return the conductivity by resonant absorption [W/(m K)], and how many potentials were solved for it.

    (k_B/6 pi^3)(k_B T/hbar)^2 sum_s n_s/(v_s C_s) integral dx x (x/2)^2 sinh^{-2}(x/2)/J(x tau, tau), adaptive in x,
    and for each x adaptive in D2.

    Source: karpov-parshin-1985 (5.1); test: test_nested_conductivity_of_the_tanh_law

    Args:
        material: the glass.
        temperature: temperature [K].
        tolerance: of both quadratures, relative [-].
        ends: highest frequency of a phonon of each branch [rad/s].
    """
    tau = temperature / material.W
    solved = 0

    def carried(x: float) -> float:
        nonlocal solved
        nested = NestedAbsorption(x * tau, tau, tolerance)
        path = nested.value()[0]
        solved += nested.solver.calls
        return float(x * mode_heat_capacity(np.array(x)) / path)

    last = {s: min(HBAR * float(end) / (BOLTZMANN * temperature), LAST_X) for s, end in ends.items()}
    below, total = 0.0, 0.0
    for low, high in pairwise(sorted({0.0, *last.values()})):
        below += quad(carried, low, high, epsrel=tolerance, epsabs=0.0)[0]
        for branch, count in BRANCHES.items():
            if last[branch] == high:
                total += count * below / (getattr(material, f"v_{branch}") * getattr(material, f"C_{branch}"))
    return BOLTZMANN / (6 * np.pi**3) * (BOLTZMANN * temperature / HBAR) ** 2 * total, solved


def compare_conductivities(
    resolution: Resolution, nested_temperatures: Sequence[float], *, tolerance: float, tighter: float
) -> Comparison:
    """Compare the conductivity in both ways, and time them if they agree.

    Args:
        resolution: fineness of the table.
        nested_temperatures: where the nested quadrature is made [K].
        tolerance: of the nested quadrature that is timed, relative [-].
        tighter: of the one that both are compared with [-].

    Raises:
        InputError: one of them has a larger error than may be compared.
    """
    material = get_glass(MATERIAL)
    table, tabulation = processor_time(lambda: tabulate_absorption(resolution))
    absorption = Absorption(table)
    scattering = exact_scattering(material_numbers(material), (Channel.RESONANT,), absorption)

    def nested(T: float, at: float) -> tuple[float, int]:
        return nested_conductivity(material, T, at, scattering.ends)

    timed = [processor_time(lambda T=T: nested(T, tolerance)) for T in nested_temperatures]
    adaptive = np.array([value for (value, _), _ in timed])
    reference = np.array([nested(T, tighter)[0] for T in nested_temperatures])
    tabulated = phonon_spectrum(scattering, np.array(nested_temperatures)).conductivity_T
    errors = {"table": np.abs(tabulated / reference - 1), "nested": np.abs(adaptive / reference - 1)}
    require_small(errors)
    return Comparison(
        MATERIAL, RESONANT, list(nested_temperatures), tabulated.tolist(), adaptive.tolist(),
        reference.tolist(), errors["table"].tolist(), errors["nested"].tolist(), [seconds for _, seconds in timed],
        [solved for (_, solved), _ in timed], tabulation, len(TEMPERATURES),
        repeated(lambda: phonon_spectrum(scattering, TEMPERATURES)),
        repeated(lambda: conductivity(material, TEMPERATURES, model="exact", channels=RESONANT, absorption=absorption)),
        "resonant absorption only; processor time of one core; errors are distances from a nested quadrature of "
        f"tolerance {tighter:g}; hotter temperatures take the nested quadrature longer and were not timed",
    )  # fmt: skip


def rows(resolution: Resolution, temperatures: Sequence[float]) -> list[Row]:
    """Return the comparison as a task: all temperatures with the tabulation, beside what nested quadrature would take.

    Nested quadrature is timed at the given temperatures and takes longer at hotter ones: its seconds are the least that
    all temperatures could take, so the ratio is a lower bound.

    Args:
        resolution: fineness of the table.
        temperatures: of the nested quadrature [K].
    """
    found = compare_conductivities(resolution, temperatures, tolerance=TOLERANCE, tighter=TIGHTER)
    ours = [found.seconds_tabulation + seconds for seconds in found.seconds_table]
    nested = [min(found.seconds_nested) * found.n_temperatures] * len(ours)
    remark = (
        f"tabulation {found.seconds_tabulation:.3g} s, then {np.median(found.seconds_table):.3g} s; one temperature of "
        f"nested quadrature {min(found.seconds_nested):.3g} s; errors {max(found.error_table):.1e} and "
        f"{max(found.error_nested):.1e}; {found.note}"
    )
    task = f"exact conductivity of {found.material} at {found.n_temperatures} temperatures, {', '.join(found.channels)}"
    return [
        Row(task, {OURS: ours, "nested quadrature": nested}, {}, found.n_temperatures, "temperatures", None, remark)
    ]


def repeated(call: Callable[[], object]) -> list[float]:
    """Return the processor times of some calls, after one that makes what is made once [s].

    Args:
        call: what to time.
    """
    call()
    return [processor_time(call)[1] for _ in range(REPEATS)]


def require_small(errors: dict[str, Array]) -> None:
    """Refuse to go on where a conductivity is too far from the reference.

    Args:
        errors: relative errors of each way [-].

    Raises:
        InputError: one of them is larger than may be compared.
    """
    for name, error in errors.items():
        if not np.all(error <= LARGEST_ERROR):
            raise InputError(
                f"{name}: the conductivity is {np.max(error):.1e} from the reference, more than {LARGEST_ERROR:g}; "
                "times are not compared"
            )


def processor_time(call: Callable[[], Result]) -> tuple[Result, float]:
    """Return the result of a call and the processor time it took [s].

    Args:
        call: what to time.
    """
    begin = time.process_time()
    result = call()
    return result, time.process_time() - begin


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=Resolution().lines, help="lines of the mesh behind the table")
    parser.add_argument("--nodes", type=int, default=Resolution().nodes, help="nodes of each line")
    parser.add_argument("--temperatures", type=float, nargs="+", default=NESTED_TEMPERATURES, help="nested ones [K]")
    return parser.parse_args()


def main() -> int:
    """Run the comparison and return the exit status."""
    options = arguments()
    try:
        with threadpool_limits(1):
            found = compare_conductivities(
                Resolution(lines=options.lines, nodes=options.nodes), options.temperatures,
                tolerance=TOLERANCE, tighter=TIGHTER,
            )  # fmt: skip
    except AtomsimError as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(found.document(), indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
