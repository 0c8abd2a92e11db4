"""Structures survive our own files bit for bit; what cannot be read is refused with file and atom."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import ase.io
import numpy as np
import pytest

from atomsim.errors import InputError
from atomsim.formats import read_glass, read_structure, write_glass
from atomsim.quench import Glass
from atomsim.store import write_results


def test_glass_returns_bit_for_bit(tmp_path: Path, binary_glass: Glass) -> None:
    write_glass(tmp_path / "glass.h5", binary_glass)
    again = read_glass(tmp_path / "glass.h5")
    for field in fields(Glass):
        before, after = getattr(binary_glass, field.name), getattr(again, field.name)
        assert np.asarray(before).tobytes() == np.asarray(after).tobytes(), field.name


def test_structure_from_our_file_keeps_size_species_and_mass(tmp_path: Path, binary_glass: Glass) -> None:
    write_glass(tmp_path / "glass.h5", binary_glass)
    atoms = read_structure(tmp_path / "glass.h5")
    assert np.array_equal(atoms.positions, binary_glass.positions_nc)
    assert np.array_equal(atoms.arrays["size"], binary_glass.size_n)
    assert np.array_equal(atoms.arrays["species"], binary_glass.species_n)
    assert np.array_equal(atoms.get_masses(), binary_glass.mass_n)
    assert atoms.pbc.all()


def test_one_of_several_glasses_is_named_after_a_colon(tmp_path: Path, binary_glass: Glass, small_glass: Glass) -> None:
    path = tmp_path / "results.h5"
    write_results(path, {"glass/N160/0000": binary_glass, "glass/N256/0000": small_glass})
    assert len(read_structure(Path(f"{path}:glass/N256/0000"))) == 256
    with pytest.raises(InputError, match=r"results\.h5: one glass expected, found 2 \(glass/N160/0000"):
        read_structure(path)
    with pytest.raises(InputError, match=r"results\.h5: holds no group 'glass/N9'"):
        read_structure(Path(f"{path}:glass/N9"))


def test_structure_that_ase_reads_keeps_its_diameters(tmp_path: Path, binary_glass: Glass) -> None:
    ase.io.write(tmp_path / "a.xyz", binary_glass.to_atoms(), format="extxyz")
    atoms = read_structure(tmp_path / "a.xyz")
    assert np.allclose(atoms.arrays["size"], binary_glass.size_n, atol=1e-8)  # eight decimals in this format
    assert np.allclose(atoms.positions, binary_glass.positions_nc, atol=1e-8)


def test_last_frame_is_taken(tmp_path: Path, small_glass: Glass) -> None:
    first, last = small_glass.to_atoms(), small_glass.to_atoms()
    last.positions += 0.25
    ase.io.write(tmp_path / "a.xyz", [first, last], format="extxyz")
    assert np.allclose(read_structure(tmp_path / "a.xyz").positions, last.positions, atol=1e-8)


def test_missing_structure_is_named(tmp_path: Path) -> None:
    for name in ("none.xyz", "none.h5:glass/N10/0000"):
        with pytest.raises(InputError, match=r"none.*: no such file"):
            read_structure(tmp_path / name)


def test_position_that_is_not_a_number_is_named(tmp_path: Path, small_glass: Glass) -> None:
    atoms = small_glass.to_atoms()
    atoms.positions[17, 1] = np.nan
    ase.io.write(tmp_path / "bad.xyz", atoms, format="extxyz")
    with pytest.raises(InputError, match=r"bad\.xyz: atom 17 is at .*nan.*1 such atoms of 256"):
        read_structure(tmp_path / "bad.xyz")


@pytest.mark.parametrize("name", ["cut.xyz", "cut.h5"])
def test_truncated_structure_is_named(tmp_path: Path, small_glass: Glass, name: str) -> None:
    path = tmp_path / name
    if path.suffix == ".h5":
        write_glass(path, small_glass)
    else:
        ase.io.write(path, small_glass.to_atoms(), format="extxyz")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(InputError, match=rf"{name}.*truncated"):
        read_structure(path)


def test_file_of_unknown_kind_is_named(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing of the kind\n")
    with pytest.raises(InputError, match=r"notes\.txt: cannot be read as a structure"):
        read_structure(tmp_path / "notes.txt")
