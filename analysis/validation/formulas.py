"""All formulas of the papers, one by one: soft potentials, concentration excitations, structural relaxation, wind.

Sections 1 and 8 of the paper of 1985 and sections 1 and 5 of that of 1992 hold no formula.
"""

from __future__ import annotations

import re
from functools import cache

from analysis.validation.buchenau_liquid import liquid_checks
from analysis.validation.buchenau_modes import soft_mode_checks
from analysis.validation.em_excitations import excitation_checks
from analysis.validation.em_heat_transport import heat_transport_checks
from analysis.validation.em_ladder import ladder_checks
from analysis.validation.em_order import order_checks
from analysis.validation.em_quanta import quantum_checks
from analysis.validation.em_relaxation import relaxation_checks
from analysis.validation.em_transport import transport_checks
from analysis.validation.formula import FormulaCheck
from analysis.validation.kp_conductivity import conductivity_checks
from analysis.validation.kp_coupling import coupling_checks
from analysis.validation.kp_phonons import phonon_checks
from analysis.validation.kp_potentials import potential_checks
from analysis.validation.kp_tunnelling import tunnelling_checks
from analysis.validation.kp_vibrations import vibration_checks
from analysis.validation.later_form import later_form_checks
from analysis.validation.schaich_appendix import appendix_checks
from analysis.validation.schaich_boltzmann import boltzmann_checks
from analysis.validation.schaich_cluster import cluster_checks
from analysis.validation.schaich_ladder import vertex_checks
from analysis.validation.schaich_response import response_checks
from analysis.validation.schaich_sums import sum_checks

SECTIONS = (potential_checks, tunnelling_checks, coupling_checks, conductivity_checks, vibration_checks, phonon_checks,
            soft_mode_checks, liquid_checks, later_form_checks, order_checks, excitation_checks, quantum_checks,
            transport_checks, ladder_checks, heat_transport_checks, relaxation_checks, boltzmann_checks,
            response_checks, vertex_checks, cluster_checks, sum_checks, appendix_checks)  # fmt: skip


@cache
def formula_checks() -> tuple[FormulaCheck, ...]:
    """Return the checks of all formulas, section by section, each section in the order of its equations."""
    rows = [row for section in SECTIONS for row in section()]
    titles = list(dict.fromkeys(row.section for row in rows))
    return tuple(sorted(rows, key=lambda row: (titles.index(row.section), *_place(row.equation))))


def _place(equation: str) -> tuple[bool, list[int], str]:
    """Numbers by value, letters and what follows an equation behind it, statements of a whole section at its end."""
    numbers = [int(digits) for digits in re.findall(r"\d+", equation)]
    lettered = re.fullmatch(r"[\d.]+([a-z]*)", equation)
    behind = lettered[1] if lettered else "" if equation[:1].isdigit() else equation
    return not numbers or "section" in equation, numbers, behind
