"""The study file: which glasses are made, what is measured on them, and in which material the result is told.

Every key is declared here once, with its range, its unit and what it means; nothing else is accepted. Errors name the
file, the line, the key, the value and what was expected.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

import numpy as np
from pydantic import (
    BaseModel,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    field_validator,
    model_serializer,
    model_validator,
)

from analysis import toml
from analysis.alloy_config import ExcitationsSection, RelaxationSection, TransportSection, check_alloy
from analysis.learning_config import LearningSection, check_learning
from analysis.nonlinear_config import DoubleWellsSection, NonlinearModesSection, check_nonlinear
from analysis.sections import Count, NotNegative, Positive, Section
from analysis.tail_config import TailSection
from analysis.wind_config import WindSection, check_wind
from atomsim.errors import InputError, nearest
from atomsim.potentials import get_model
from atomsim.structure import cubic_cell
from atomsim.swap import require_mixture
from atomsim.units import Material, get_material

DEFAULT_MATERIAL = "sodium"

SWAP_KEYS = ("swap_attempts", "swap_interval")
ENGINE_KEYS = ("engine", "mpi_ranks")

ALLOY_TABLES = ("excitations", "transport", "relaxation")


class StudySection(Section):
    """What the study is called, and where its random numbers begin."""

    name: str = Field("study", min_length=1, description="name, shown in the report")
    seed: int = Field(ge=0, description="seed of all random numbers of the study")


class GlassSection(Section):
    """The ensemble of glasses and how they are made."""

    potential: str = Field(description="named model, parameters after a colon, as in inverse-power:n=12,q=2")
    density: Positive | None = Field(None, description="number density [sigma^-3]; the model's own where absent")
    sizes: list[Count] = Field(min_length=1, description="numbers of atoms; each makes one ensemble")
    samples: list[Count] = Field(min_length=1, description="glasses of each size; one number serves all sizes")
    temperature: Positive = Field(1.0, description="temperature of the liquid [epsilon/k_B]")
    melt_time: NotNegative = Field(20.0, description="time in the liquid [sigma sqrt(m/epsilon)]")
    time_step: Positive = Field(0.01, description="time step of the dynamics [sigma sqrt(m/epsilon)]")
    cooling_rate: Positive | None = Field(
        None, description="temperature per time [epsilon^1.5/(k_B sigma sqrt(m))]; an instantaneous quench where absent"
    )
    final_temperature: NotNegative = Field(0.0, description="where cooling ends [epsilon/k_B]")
    on_saddle: Literal["refuse", "push"] = Field("push", description="what to do when the minimiser ends on a saddle")
    swap_attempts: Positive | None = Field(
        None, description="exchanges of unlike atoms tried per atom in each interval; dynamics alone where absent"
    )
    swap_interval: Positive = Field(0.25, description="dynamics between the exchanges [sigma sqrt(m/epsilon)]")
    engine: Literal["embedded", "lammps"] = Field("embedded", description="who does the dynamics and the descent")
    mpi_ranks: Count = Field(1, description="processes of LAMMPS for each glass")

    @field_validator("samples", mode="before")
    @classmethod
    def _one_for_all(cls, value: Any) -> Any:
        return [value] if isinstance(value, int) else value

    @field_validator("potential")
    @classmethod
    def _known(cls, value: str) -> str:
        model = get_model(value)
        if model.dimension != 3:
            raise ValueError("the stages of a study need a model in three dimensions")
        return value

    @field_validator("sizes")
    @classmethod
    def _distinct(cls, value: list[int]) -> list[int]:
        if len(set(value)) < len(value):
            raise ValueError("each size may appear once")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> GlassSection:
        if len(self.samples) not in (1, len(self.sizes)):
            raise ValueError(f"samples = {self.samples} must be one number, or one for each of sizes = {self.sizes}")
        if self.final_temperature > self.temperature:
            raise ValueError(
                f"final_temperature = {self.final_temperature} must not exceed temperature = {self.temperature}"
            )
        self._check_swap()
        self._check_engine()
        for n_atoms in self.sizes:
            self._check_cell(n_atoms)
        return self

    def _check_swap(self) -> None:
        if self.swap_attempts is not None:
            require_mixture(get_model(self.potential))
        elif "swap_interval" in self.model_fields_set:
            raise ValueError(f"swap_interval = {self.swap_interval} has no effect without swap_attempts")

    def _check_engine(self) -> None:
        if self.engine == "embedded" and "mpi_ranks" in self.model_fields_set:
            raise ValueError(f"mpi_ranks = {self.mpi_ranks} has no effect without engine = 'lammps'")
        if self.engine == "lammps" and self.swap_attempts is not None:
            raise ValueError("swap_attempts: atoms exchange places in the engine 'embedded' alone")

    @model_serializer(mode="wrap")
    def _without_what_is_off(self, resolved: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Glasses made without swap, or by the embedded engine, keep the keys of their results: hashes of this."""
        off = SWAP_KEYS if self.swap_attempts is None else ()
        if self.engine == "embedded":
            off = (*off, *ENGINE_KEYS)
        return {key: value for key, value in resolved(self).items() if key not in off}

    def _check_cell(self, n_atoms: int) -> None:
        model = get_model(self.potential)
        edge = cubic_cell(n_atoms, self.density or model.density, model.dimension)[0, 0]
        reach = model.cutoff(model.compose(n_atoms, np.random.default_rng(0))[1])
        if edge < 2 * reach:
            needed = int(n_atoms * (2 * reach / edge) ** 3) + 1
            raise ValueError(
                f"sizes: the cell of {n_atoms} atoms has an edge of {edge:.4g} sigma, less than twice the cut-off "
                f"{reach:.4g} of {self.potential!r}; expected at least {needed} atoms"
            )

    def ensembles(self) -> Iterator[tuple[int, int]]:
        """Yield number of atoms and number of glasses of each ensemble."""
        counts = self.samples if len(self.samples) > 1 else self.samples * len(self.sizes)
        yield from zip(self.sizes, counts, strict=True)


class StructureSection(Section):
    """The distribution of distances."""

    longest: Positive = Field(4.0, description="upper end of g(r), at most half the smallest cell [sigma]")
    bins: Count = Field(200, description="bins of g(r)")


class ModesSection(Section):
    """The vibrational spectra."""

    keep_vectors: Count = Field(100, description="lowest eigenvectors kept; the soft modes must be among them")
    lowest: Count | None = Field(
        None, description="only this many lowest vibrations of each glass, certified complete; all where absent"
    )
    bins: Count = Field(80, description="bins of the density of states")


class SoftModesSection(Section):
    """Which vibrations are called soft."""

    fraction: Positive = Field(1.0, description="omega below this share of the lowest transverse phonon of the box [-]")
    largest_participation_ratio: Positive = Field(1.0, description="participation ratio at most this [-]")
    count: Count | None = Field(None, description="take this many lowest modes of each glass instead")


class SoftPotentialSection(Section):
    """The parameters of the soft-potential model."""

    length: Positive = Field(1.0, description="length a in which displacements are measured [sigma]")
    counting: Literal["lower minima", "single wells"] = Field(
        "lower minima", description="which modes count as vibrations of soft potentials"
    )
    window: Positive | None = Field(
        None, description="upper end of the tail, if below the limit of selection [sqrt(epsilon/m)/sigma]"
    )
    minimum_modes: Count = Field(5, description="fewest modes from which a number is taken")
    resamples: int = Field(400, ge=2, description="draws of glasses for the errors")


class MaterialSection(Section):
    """The material that turns reduced units into SI: a built-in one by name, or its three scales."""

    name: str | None = Field(None, description="built-in material, or the name of one given by its scales")
    sigma: Positive | None = Field(None, description="unit of length [m]")
    epsilon: Positive | None = Field(None, description="unit of energy [J]")
    mass: Positive | None = Field(None, description="unit of mass [kg]")

    @model_validator(mode="after")
    def _complete(self) -> MaterialSection:
        self.material()
        return self

    def material(self) -> Material:
        """Return the material.

        Raises:
            InputError: the name is unknown, or some scales are given and others are not.
        """
        scales = {key: getattr(self, key) for key in ("sigma", "epsilon", "mass")}
        missing = [key for key, value in scales.items() if value is None]
        if len(missing) == len(scales):
            return get_material(self.name or DEFAULT_MATERIAL)
        if missing:
            raise InputError(f"a material needs all of sigma, epsilon and mass; {', '.join(missing)} missing")
        return Material(name=self.name or "unnamed", source="study file", **scales)


class ThermalSection(Section):
    """Conductivity and specific heat."""

    temperatures: list[Positive] = Field(
        default_factory=lambda: [float(f"{t:.4g}") for t in np.geomspace(0.02, 100, 75)],
        min_length=1,
        description="temperatures [K]",
    )
    experiment_time: Positive = Field(1.0, description="time the tunnelling systems are given to relax [s]")
    xi2: Positive = Field(1.0, description="assumed mean square coupling to the displacement [-]")


class StudyConfig(Section):
    """A whole study: one section for each table of the file."""

    study: StudySection
    glass: GlassSection
    structure: StructureSection = Field(default_factory=lambda: StructureSection.model_validate({}))
    modes: ModesSection = Field(default_factory=lambda: ModesSection.model_validate({}))
    soft_modes: SoftModesSection = Field(default_factory=lambda: SoftModesSection.model_validate({}))
    soft_potential: SoftPotentialSection = Field(default_factory=lambda: SoftPotentialSection.model_validate({}))
    material: MaterialSection = Field(default_factory=lambda: MaterialSection.model_validate({}))
    thermal: ThermalSection = Field(default_factory=lambda: ThermalSection.model_validate({}))
    excitations: ExcitationsSection | None = Field(None, description="order and excitations of an alloy, if wanted")
    transport: TransportSection | None = Field(None, description="transport of its electrons, if wanted")
    relaxation: RelaxationSection | None = Field(None, description="kinetics of its relaxation, if wanted")
    wind: WindSection | None = Field(None, description="wind of electrons on the ions, if wanted")
    learning: LearningSection | None = Field(None, description="where soft modes sit, learned, if wanted")
    tail: TailSection | None = Field(None, description="low-frequency tail of the spectra, if wanted")
    nonlinear_modes: NonlinearModesSection | None = Field(None, description="nonlinear modes, if wanted")
    double_wells: DoubleWellsSection | None = Field(None, description="neighbouring minima, if wanted")

    @model_validator(mode="after")
    def _possible_alloy(self) -> StudyConfig:
        tables = [name for name in ALLOY_TABLES if getattr(self, name) is not None]
        if tables:
            check_alloy(tables, self.glass.potential, self.glass.sizes)
        if self.excitations is not None and self.excitations.shell_edges is not None:
            self._check_shells(self.excitations.shell_edges[-1])
        if self.transport is not None and self.transport.t0_from == "scaled band" and self.excitations is None:
            raise ValueError("transport.t0_from = 'scaled band' needs the table [excitations], which gives the band")
        return self

    @model_validator(mode="after")
    def _possible_modes(self) -> StudyConfig:
        lowest, wanted, smallest = self.modes.lowest, self.soft_modes.count, min(self.glass.sizes)
        if lowest is not None and 4 * lowest > 3 * (smallest - 1):
            raise ValueError(
                f"modes.lowest = {lowest} is more than a quarter of the {3 * (smallest - 1)} vibrations of {smallest} "
                "atoms; leave the key out, all of them take no longer"
            )
        if lowest is not None and wanted is not None and wanted > lowest:
            raise ValueError(f"soft_modes.count = {wanted} of the modes.lowest = {lowest} vibrations; expected fewer")
        return self

    @model_validator(mode="after")
    def _possible_wind(self) -> StudyConfig:
        if self.wind is not None:
            check_wind(self.wind, self.glass.sizes)
        return self

    @model_validator(mode="after")
    def _possible_learning(self) -> StudyConfig:
        if self.learning is not None:
            check_learning(sum(count for _, count in self.glass.ensembles()))
        return self

    @model_validator(mode="after")
    def _possible_wells(self) -> StudyConfig:
        kept = self.modes
        check_nonlinear(self.nonlinear_modes, self.double_wells, vectors=kept.keep_vectors, lowest=kept.lowest)
        return self

    def _check_shells(self, end: float) -> None:
        density = self.glass.density or get_model(self.glass.potential).density
        half = float(cubic_cell(min(self.glass.sizes), density, 3)[0, 0]) / 2
        if end > half:
            raise ValueError(
                f"excitations.shell_edges: {end:g} sigma is more than half the cell of {min(self.glass.sizes)} atoms, "
                f"{half:.4g} sigma, beyond which a pair has several images"
            )

    def as_dict(self) -> dict[str, Any]:
        """Return the resolved values, defaults included, as nested dictionaries; tables that are off are left out."""
        return {table: values for table, values in self.model_dump(mode="json").items() if values is not None}

    def as_toml(self) -> str:
        """Return the resolved study as a TOML file that gives the same study again."""
        return toml.dump(self.as_dict())


Study = TypeVar("Study", bound=BaseModel)


def load_study(path: Path, overrides: Sequence[str] = ()) -> StudyConfig:
    """Read and check a study file.

    Args:
        path: a TOML file.
        overrides: texts ``table.key=value``, applied over the file in order.

    Raises:
        InputError: the file cannot be read, a key is unknown (the nearest one is named) or a value is not allowed.
    """
    return read_study(path, overrides, StudyConfig)


def read_study(path: Path, overrides: Sequence[str], kind: type[Study]) -> Study:
    """Read and check a study file of any kind.

    Args:
        path: a TOML file.
        overrides: texts ``table.key=value``, applied over the file in order.
        kind: the keys and what they may hold.

    Raises:
        InputError: the file cannot be read, a key is unknown (the nearest one is named) or a value is not allowed.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text file"
        raise InputError(f"{path}: cannot read the study file ({reason})") from error
    data = toml.parse(text, str(path))
    places = {key: f"{path}, line {line}" for key, line in toml.key_lines(text).items()}
    for item in overrides:
        key_path, value = toml.parse_override(item)
        toml.override(data, key_path, value)
        places |= {key_path[:i]: f"--set {item}" for i in range(1, len(key_path) + 1) if key_path[:i] not in places}
        places[key_path] = f"--set {item}"
    try:
        return kind.model_validate(data, context={"folder": Path(path).parent})
    except ValidationError as error:
        problems = [_explain(problem, places, str(path), kind) for problem in error.errors()]
        raise InputError("\n".join(problems)) from error


def known_keys(section: type[BaseModel], prefix: str = "") -> dict[str, type[BaseModel]]:
    """Return the dotted name of every key and the section it belongs to.

    Args:
        section: the model to describe.
        prefix: dotted name of the table.
    """
    keys: dict[str, type[BaseModel]] = {}
    for name, field in section.model_fields.items():
        keys[prefix + name] = section
        for kind in (field.annotation, *get_args(field.annotation)):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                keys |= known_keys(kind, f"{prefix}{name}.")
    return keys


def _explain(problem: Any, places: dict[toml.KeyPath, str], name: str, kind: type[BaseModel]) -> str:
    """One validation error as ``place: key = value: what is expected``."""
    location: toml.KeyPath = problem["loc"]
    place = next((places[location[:i]] for i in range(len(location), 0, -1) if location[:i] in places), name)
    dotted = ".".join(map(str, location))
    if problem["type"] == "extra_forbidden":
        return f"{place}: unknown key {dotted!r}{_suggestion(location, kind)}"
    if problem["type"] == "missing":
        return f"{place}: {dotted} is missing and has no default"
    message = problem["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    shown = "" if isinstance(problem["input"], dict | BaseModel) else f" = {problem['input']!r}"
    return f"{place}: {dotted}{shown}: {message}" if dotted else f"{place}: {message}"


def _suggestion(location: toml.KeyPath, kind: type[BaseModel]) -> str:
    """The same key in another table, else the nearest key of this table."""
    keys = known_keys(kind)
    *tables, last = map(str, location)
    here = ".".join([*tables, ""]) if tables else ""
    siblings = [key for key in keys if key.startswith(here) and "." not in key.removeprefix(here)]
    same = [key for key in keys if key.rpartition(".")[2] == last]
    return (
        (f"; did you mean {same[0]!r}?" if same else "")
        or nearest(here + last, siblings)
        or f"; known here: {', '.join(siblings)}"
    )
