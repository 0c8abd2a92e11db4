"""The study file: what is accepted, and that every mistake is named with its place and the way out."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from pydantic import BaseModel

from analysis import toml
from analysis.config import StudyConfig, known_keys, load_study
from atomsim.errors import InputError
from atomsim.units import MATERIALS

STUDY = """# a comment
[study]
name = "small"
seed = 3

[glass]
potential = "laird-schober"
sizes = [
    500,
    1000,
]
samples = [8, 4]
"""


def study(tmp_path: Path, text: str = STUDY, *overrides: str) -> StudyConfig:
    path = tmp_path / "study.toml"
    path.write_text(text, encoding="utf-8")
    return load_study(path, overrides)


def complaint(tmp_path: Path, text: str = STUDY, *overrides: str) -> str:
    with pytest.raises(InputError) as caught:
        study(tmp_path, text, *overrides)
    return str(caught.value)


def test_defaults_fill_what_the_file_leaves_out(tmp_path: Path) -> None:
    config = study(tmp_path)
    assert list(config.glass.ensembles()) == [(500, 8), (1000, 4)]
    assert config.glass.density is None
    assert config.material.material() is MATERIALS["sodium"]
    assert min(config.thermal.temperatures) < 1 < max(config.thermal.temperatures)


def test_one_number_of_samples_serves_all_sizes(tmp_path: Path) -> None:
    config = study(tmp_path, STUDY, "glass.samples=3")
    assert list(config.glass.ensembles()) == [(500, 3), (1000, 3)]


def test_overrides_are_typed_and_applied_in_order(tmp_path: Path) -> None:
    changes = ("glass.density=2", "glass.density=1.1", "glass.potential=inverse-power:n=12", "thermal.xi2=2.0")
    config = study(tmp_path, STUDY, *changes)
    assert config.glass.density == 1.1
    assert config.glass.potential == "inverse-power:n=12"
    assert config.thermal.xi2 == 2.0


def test_resolved_study_as_toml_is_the_same_study(tmp_path: Path) -> None:
    config = study(tmp_path, STUDY, 'study.name="a \\"quoted\\" näme"', "soft_modes.count=5", "glass.cooling_rate=1e-3")
    again = study(tmp_path, config.as_toml())
    assert again == config
    assert StudyConfig.model_validate(config.as_dict()) == config


def test_unknown_key_names_the_nearest_and_its_line(tmp_path: Path) -> None:
    text = STUDY.replace("samples", "density = 1.0\nsampels")
    message = complaint(tmp_path, text)
    assert "study.toml, line 13: unknown key 'glass.sampels'; did you mean 'glass.samples'?" in message


def test_key_in_the_wrong_table_is_sent_to_the_right_one(tmp_path: Path) -> None:
    message = complaint(tmp_path, STUDY + "seed = 4\n")
    assert "line 13: unknown key 'glass.seed'; did you mean 'study.seed'?" in message


def test_unknown_table_is_named(tmp_path: Path) -> None:
    message = complaint(tmp_path, STUDY + "\n[soft_mode]\nfraction = 0.5\n")
    assert "line 14: unknown key 'soft_mode'; did you mean 'soft_modes'?" in message
    assert "known here: study, glass" in complaint(tmp_path, STUDY + "\n[qqqq]\n")


def test_missing_key_is_named(tmp_path: Path) -> None:
    assert "line 2: study.seed is missing" in complaint(tmp_path, STUDY.replace("seed = 3\n", ""))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("density = -1.0", "line 7: glass.density = -1.0: must be greater than 0"),
        ("density = inf", "line 7: glass.density = inf: must be a finite number"),
        ('density = "high"', "line 7: glass.density = 'high': must be a valid number"),
        ("density = true", "line 7: glass.density = True: must be a valid number"),
        ('on_saddle = "leave"', "line 7: glass.on_saddle = 'leave': must be 'refuse' or 'push'"),
        ("melt_time = -1", "line 7: glass.melt_time = -1: must be greater than or equal to 0"),
        ("final_temperature = 2.0", "line 6: glass: final_temperature = 2.0 must not exceed temperature = 1.0"),
    ],
)
def test_wrong_value_is_named_with_its_line_and_what_is_expected(tmp_path: Path, line: str, expected: str) -> None:
    assert expected in complaint(tmp_path, STUDY.replace("[glass]\n", f"[glass]\n{line}\n"))


def test_unknown_potential_names_the_nearest(tmp_path: Path) -> None:
    message = complaint(tmp_path, STUDY.replace("laird-schober", "laird-shober"))
    assert "line 7: glass.potential = 'laird-shober': unknown potential" in message
    assert "did you mean 'laird-schober'?" in message


def test_wrong_override_is_named_as_such(tmp_path: Path) -> None:
    assert complaint(tmp_path, STUDY, "glass.density=-2") == (
        "--set glass.density=-2: glass.density = -2: must be greater than 0"
    )
    assert "expected KEY=VALUE" in complaint(tmp_path, STUDY, "glass.density")
    assert "glass.density is not a table" in complaint(tmp_path, STUDY, "glass.density=1.0", "glass.density.x=1")
    assert "unknown key 'glass.densty'" in complaint(tmp_path, STUDY, "glass.densty=1.0")


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = STUDY.replace("seed = 3", "seed = -3").replace("[glass]", "[glass]\ntime_step = 0")
    assert complaint(tmp_path, text).count("study.toml, line") == 2


def test_numbers_of_samples_must_match_the_sizes(tmp_path: Path) -> None:
    assert "samples = [1, 2, 3] must be one number" in complaint(tmp_path, STUDY, "glass.samples=[1,2,3]")
    assert "each size may appear once" in complaint(tmp_path, STUDY, "glass.sizes=[500,500]")


def test_cell_smaller_than_twice_the_cutoff_is_refused_with_the_size_needed(tmp_path: Path) -> None:
    message = complaint(tmp_path, STUDY, "glass.sizes=[200]", "glass.samples=1")
    assert "less than twice the cut-off 3 of 'laird-schober'; expected at least 217 atoms" in message
    assert study(tmp_path, STUDY, "glass.sizes=[217]", "glass.samples=1").glass.sizes == [217]


def test_plane_models_are_refused(tmp_path: Path) -> None:
    assert "three dimensions" in complaint(tmp_path, STUDY, "glass.potential=lerner-binary:dimension=2")


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ('name = "sodum"', "unknown material 'sodum'; did you mean 'sodium'"),
        ("sigma = 3e-10\nmass = 1e-26", "all of sigma, epsilon and mass; epsilon missing"),
        ("sigma = -3e-10\nepsilon = 1e-21\nmass = 1e-26", "material.sigma = -3e-10: must be greater than 0"),
    ],
)
def test_material_must_be_known_or_complete(tmp_path: Path, table: str, expected: str) -> None:
    assert expected in complaint(tmp_path, f"{STUDY}\n[material]\n{table}\n")


def test_material_by_its_scales(tmp_path: Path) -> None:
    text = f'{STUDY}\n[material]\nname = "mine"\nsigma = 3e-10\nepsilon = 1e-21\nmass = 1e-26\n'
    material = study(tmp_path, text).material.material()
    assert (material.name, material.sigma, material.epsilon, material.mass) == ("mine", 3e-10, 1e-21, 1e-26)


def test_unreadable_study_files_are_named(tmp_path: Path) -> None:
    assert "line 2" in complaint(tmp_path, "[study]\nname =\n")
    with pytest.raises(InputError, match=r"none\.toml: cannot read the study file \(No such file"):
        load_study(tmp_path / "none.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match=r"binary\.toml: cannot read the study file \(not a text file\)"):
        load_study(tmp_path / "binary.toml")


def test_every_key_is_described() -> None:
    for name, section in known_keys(StudyConfig).items():
        field = section.model_fields[name.rpartition(".")[2]]
        if not (isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)):
            assert field.description, name


# --- TOML ---------------------------------------------------------------------------------------------------


def test_lines_of_keys_in_every_notation() -> None:
    text = '''a = 1
b.c = """
[not a table]
d = 1
"""
[e]
f = { g = 1, h = [
  1, 2,
] }
[[i]]
j = 1
[[i]]
[i.k]
"quoted key" = 1 # comment
'''
    lines = toml.key_lines(text)
    assert {("a",): 1, ("b", "c"): 2, ("e",): 6, ("e", "f", "g"): 7, ("e", "f", "h"): 7}.items() <= lines.items()
    assert {("i", 0, "j"): 11, ("i", 1): 12, ("i", 1, "k"): 13}.items() <= lines.items()
    assert lines["i", 1, "k", "quoted key"] == 14
    assert ("d",) not in lines


def test_written_toml_is_read_back() -> None:
    data = {
        "top": 1,
        "table": {
            "text": 'a "b" \\ \n\t\x7f é',
            "float": 1e-300,
            "large": 1e22,
            "int": -3,
            "yes": True,
            "list": [1.5, 2.0],
        },
        "empty": {},
        "nested": {"inner": {"key with space": "x", "none": None}},
    }
    read = tomllib.loads(toml.dump(data))
    assert read.pop("nested") == {"inner": {"key with space": "x"}}
    data.pop("nested")
    assert read == data
    assert isinstance(read["table"]["large"], float)
    with pytest.raises(TypeError, match="cannot be written"):
        toml.dump({"a": object()})
