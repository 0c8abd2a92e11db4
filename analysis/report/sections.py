"""The sections of the report, each a step of the chain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.study.results import WholeStudy
from analysis.validation import FormulaCheck


@dataclass(frozen=True)
class Section:
    """One step of the chain: anchor, title, what was done, and the stages whose headlines it shows.

    ``formulas`` holds beginnings of the titles under which the formulas of its papers are checked.
    """

    anchor: str
    title: str
    text: str
    stages: tuple[str, ...]
    formulas: tuple[str, ...] = ()


SECTIONS = (
    Section(
        "structure",
        "Structure",
        "A random start is melted, cooled and minimised; Newton steps on the sparse Hessian end it. Each inherent "
        "structure carries a certificate: residual force, number of zero modes, no negative eigenvalue.",
        ("glass",),
    ),
    Section(
        "vibrations",
        "Vibrations and sound",
        "The dynamical matrix of each glass is diagonalised completely; the elastic moduli, Born and non-affine parts, "
        "give the sound velocities and Debye's level without it.",
        ("elasticity", "modes"),
    ),
    Section(
        "soft_modes",
        "Soft modes",
        "Vibrations below the lowest transverse sound wave of the box. Third and fourth derivatives of the energy "
        "along each are contracted pair by pair; the relaxed ones let every mode of higher frequency follow.",
        ("soft_modes",),
    ),
    Section(
        "soft_potentials",
        "Soft potentials",
        "With ħ of the material each bounded soft mode is a potential W(αy² + βy³ + y⁴); their number and their "
        "coupling to strain give the tunnelling strengths. Errors come from drawing whole glasses anew.",
        ("soft_potential",),
    ),
    Section(
        "thermal",
        "Heat",
        "Conductivity and specific heat follow from these numbers by closed forms; nothing is adjusted to experiment.",
        ("thermal",),
    ),
)
FIRST, SECOND = "Egorushkin & Mel'nikova 1993a, ", "Egorushkin & Mel'nikova 1993b, "  # papers, as checks call them
ALLOY_SECTIONS = (
    Section(
        "order",
        "Concentration and order",
        "Shells of neighbours lie between the minima of g(r), or where the study puts them; a permutation of the "
        "species on the same sites is the random alloy. Pair energies of both species give the forces of an exchange "
        "and, by the Hessian, the displacement field, moment of inertia and force constants of the concentration.",
        ("order", "excitations"),
        (f"{FIRST}section 1: order", f"{FIRST}section 1: excitations", f"{SECOND}section 3: concentration"),
    ),
    Section(
        "transport",
        "Electronic transport",
        "Closed forms of the corrections of first order in the screened interaction, derived anew and beside them as "
        "printed. The glass enters by T₀ alone; the numbers of the metal are given by the study file.",
        ("transport",),
        (f"{FIRST}section 1: transport", f"{FIRST}section 2"),
    ),
    Section(
        "relaxation",
        "Structural relaxation",
        "The kinetic equations of one concentration wave and the electrons that drive it. Nothing of the glass enters: "
        "the rates are given by the study file, or are those of figure 1 of the paper.",
        ("relaxation",),
        (f"{SECOND}section 2", *(f"{SECOND}section 3: {what}" for what in ("equations", "order", "condensate"))),
    ),
)
WIND_SECTION = Section(
    "wind",
    "Wind forces",
    "The force of an electron current on each ion, had the glass been a metal: the atoms stand for its ions, lengths "
    "are scaled to the density of its crystal. Each tensor comes from multiple scattering in a cluster of its own, as "
    "the momentum that flows into the ion; sums over the Fermi sphere are exact. Positive σ pushes along the flow of "
    "the electrons; the force along the field is that on a charge Z_w|e|, negative then.",
    ("wind",),
    ("Schaich 1976",),
)

TAIL_SECTION = Section(
    "tail",
    "Low-frequency tail",
    "Vibrations below a share of the lowest sound wave of the box, all of them certified found: exponent by maximum "
    "likelihood, Weibull law of the lowest vibration of each glass, and the amplitude A_g of the law ω⁴ by three "
    "routes. Beside it the distributions of the parameters of the soft potentials, and whether η and t are "
    "independent.",
    ("tail",),
)


LEARNING_SECTION = Section(
    "learning",
    "Where soft modes sit",
    "The softest atoms of a glass, predicted from the local structure at T = 0 by models that learned from other "
    "glasses: distances, bond order, Voronoi cells, stresses and stiffnesses of single atoms and of their first "
    "shells. No atom of a glass that is predicted was seen in training.",
    ("learning",),
)


NONLINEAR_SECTION = Section(
    "nonlinear",
    "Nonlinear modes",
    "Quasi-localised modes as stationary directions of a barrier function of the energy, which phonons of nearly equal "
    "frequency do not mix into. Found from low vibrations and from the softest bonds of each glass; each is refined to "
    "round-off and set beside the vibrations of the glass.",
    ("nonlinear",),
)


WELLS_SECTION = Section(
    "double_wells",
    "Double wells",
    "Neighbouring minima of the glasses: a climb along a soft direction to a saddle with one negative eigenvalue and "
    "forces at round-off, and the two descents from it, one of which must end in the glass. Followed pairs also have "
    "an elastic band, a relaxed scan, and the levels of the coordinate along the path.",
    ("double_wells",),
)


def sections_of(study: WholeStudy) -> tuple[Section, ...]:
    """Return the sections of the report of a study: those of optional tables where it has what stands in them.

    Args:
        study: the study.
    """
    kept = {"order": study.order, "transport": study.transport, "relaxation": study.relaxation}
    alloy = (section for section in ALLOY_SECTIONS if kept[section.anchor] is not None)
    optional = (
        (WIND_SECTION, study.winds), (LEARNING_SECTION, study.learning), (TAIL_SECTION, study.tail),
        (NONLINEAR_SECTION, study.nonlinear), (WELLS_SECTION, study.wells is not None),
    )  # fmt: skip
    return (*SECTIONS, *alloy, *(section for section, kept in optional if kept))


def findings_of(section: Section, formulas: Sequence[FormulaCheck]) -> list[FormulaCheck]:
    """Return the formulas of the papers of a section whose printed form is not the derived one.

    Args:
        section: the section.
        formulas: all checks.
    """
    own = [row for row in formulas if row.section.startswith(section.formulas)] if section.formulas else []
    return [row for row in own if row.finding]
