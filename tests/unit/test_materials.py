"""Constants of glasses: the table, a user's file, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from analysis.thermal.materials import (
    CONFIDENCE,
    GlassMaterial,
    KarpovParshinMaterial,
    builtin_materials,
    get_glass,
    numbers_of,
    read_material,
)
from atomsim.errors import InputError
from atomsim.units import ANGSTROM, ATOMIC_MASS, BOLTZMANN, ELECTRON_VOLT, HBAR

GLASS = """
[material]
name = "my glass"
source = "our notebook"
density = 2200
v_l = 5800
v_t = { value = 3800, source = "ultrasound", confidence = "compiled" }
W = 4.0
C_l = 3e-4
C_t = 3e-4
"""
KARPOV_PARSHIN = """
[material]
density = 2200.0
v_l = 5800.0
v_t = 3800.0
[karpov_parshin]
mass = 28.0
length = 1.0
energy = 30.0
G = 1e27
b = 0.0
d_l2 = 0.3
d_t2 = 0.2
xi2 = 1.0
mu = 3.0
"""


@pytest.fixture
def material_file(tmp_path: Path):
    """Write a text as MATERIAL.toml and return its path."""

    def write(text: str) -> Path:
        path = tmp_path / "MATERIAL.toml"
        path.write_text(text)
        return path

    return write


def test_every_number_of_the_table_has_a_source_and_a_confidence():
    names = {"silica", "selenium", "B2O3", "GeO2", "polystyrene", "PMMA", "PdSiCu"}
    assert set(builtin_materials()) == names
    for material in builtin_materials().values():
        given = {name for name in numbers_of(material) if name in material.provenance}
        assert {"density", "v_l", "v_t", "W", "C_l", "C_t", "lambda_l", "lambda_t", "debye_temperature"} <= given
        for name in given:
            assert material.provenance[name].source and material.provenance[name].confidence in CONFIDENCE


def test_table_agrees_with_itself():
    # C_l/C_t = (Lambda_l/Lambda_t)^2 (v_t/v_l)^2 up to the scatter of what is listed, Lambda_l^2/Lambda_t^2 >= 4/3
    # for every tensor, and the Debye temperature from density, velocities and the mass in its source.
    for name, m in builtin_materials().items():
        squared = (m.lambda_l / m.lambda_t) ** 2
        assert squared >= 4 / 3, name
        assert m.C_l / m.C_t == pytest.approx(squared * (m.v_t / m.v_l) ** 2, rel=0.15), name
        mass = float(m.provenance["debye_temperature"].source.split()[0]) * ATOMIC_MASS
        sound = m.medium.velocity_sum(1, 1, power=-3)
        theta = HBAR / BOLTZMANN * (18 * 3.141592653589793**2 * m.density / mass / sound) ** (1 / 3)
        assert m.debye_temperature == pytest.approx(theta, rel=5e-3), name


def test_name_of_a_glass_is_found_or_suggested():
    assert get_glass("SILICA") is builtin_materials()["silica"]
    with pytest.raises(InputError, match="did you mean 'silica'"):
        get_glass("silca")


def test_user_file_keeps_values_and_sources(material_file):
    material = read_material(material_file(GLASS))
    assert isinstance(material, GlassMaterial)
    assert (material.name, material.W, material.v_t, material.mu) == ("my glass", 4.0, 3800.0, 1.0)
    assert material.provenance["W"].source == "our notebook"
    assert material.provenance["v_t"].confidence == "compiled"


def test_scales_of_karpov_parshin_material(material_file):
    material = read_material(material_file(KARPOV_PARSHIN))
    assert isinstance(material, KarpovParshinMaterial)
    glass = material.glass
    energy, mass, length = 30 * ELECTRON_VOLT, 28 * ATOMIC_MASS, ANGSTROM
    # w = hbar^2/(2 M a^2 eta_L), and w = hbar^{4/3} E_0^{1/3}/(2^{2/3} M^{2/3} a^{4/3}).
    assert pytest.approx(HBAR**2 / (2 * mass * length**2 * glass.eta_L), rel=1e-12) == glass.W
    direct = HBAR ** (4 / 3) * energy ** (1 / 3) / (2 * mass) ** (2 / 3) / length ** (4 / 3)
    assert pytest.approx(direct, rel=1e-12) == glass.W
    assert glass.density_I == glass.density_II == 1e27


def test_medium_of_karpov_parshin_may_stand_in_its_own_table(material_file):
    lines = KARPOV_PARSHIN.replace("[material]", "").replace("[karpov_parshin]", "")
    own = "[karpov_parshin]\n" + lines
    assert read_material(material_file(own)).v_l == 5800


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("W = 4.0", "W = -4.0", r"MATERIAL.toml, line 8: material.W = -4.0: expected a positive finite number \[K\]"),
        ("W = 4.0", "W = nan", "line 8: material.W = nan"),
        ("W = 4.0", "W = inf", "line 8: material.W = inf"),
        ("W = 4.0", "W = true", r"material.W = True: expected a number \[K\]"),
        ("W = 4.0", 'W = "cold"', "material.W = 'cold': expected a number"),
        ("W = 4.0", "", r"\[?material\]?: missing W \[K\]"),
        ("W = 4.0", "W = { source = 'x' }", "material.W: missing value"),
        ("W = 4.0", "W = { value = 4.0, sauce = 'x' }", "unknown key 'sauce'; did you mean 'source'"),
        ("W = 4.0", "W = { value = 4.0, confidence = 'sure' }", "confidence = 'sure', expected one of"),
        ("C_t = 3e-4", "C_t = 0", "material.C_t = 0: expected a positive"),
        ("C_t = 3e-4", "C_t = 3e-4\nlamda_l = 0.5", "material.lamda_l: unknown key; did you mean 'lambda_l'"),
        ("3800, source", "5100, source", r"v_t = 5100.0, expected less than v_l sqrt\(3\)/2 = 5022.9"),
        ("[material]", "[matrial]", "line 2: unknown table 'matrial'; did you mean 'material'"),
        ("density = 2200", "density = = 2", "not a valid TOML file"),
        ('name = "my glass"', "name = 3", "material.name = 3: expected a text"),
    ],
)
def test_wrong_material_file_is_refused(material_file, old, new, message):
    assert old in GLASS
    with pytest.raises(InputError, match=message):
        read_material(material_file(GLASS.replace(old, new)))


def test_wrong_karpov_parshin_file_is_refused(material_file, tmp_path):
    both = KARPOV_PARSHIN.replace("[karpov_parshin]", "W = 4.0\n[karpov_parshin]")
    with pytest.raises(InputError, match=r"material.W: unknown key"):
        read_material(material_file(both))
    with pytest.raises(InputError, match=r"karpov_parshin.b = -1: expected a finite number, zero or more"):
        read_material(material_file(KARPOV_PARSHIN.replace("b = 0.0", "b = -1")))
    with pytest.raises(InputError, match="no table"):
        read_material(material_file(""))
    with pytest.raises(InputError, match="cannot read the material"):
        read_material(tmp_path / "none.toml")


def test_material_made_in_code_is_checked_too():
    with pytest.raises(InputError, match=r"W = -1.0, expected a positive finite number \[K\]"):
        replace(get_glass("silica"), W=-1.0)
    with pytest.raises(InputError, match="lambda_l = inf"):
        replace(get_glass("silica"), lambda_l=float("inf"))
