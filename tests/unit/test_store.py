"""What is written is read back bit for bit; what cannot be read is refused by name."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np
import pytest

from atomsim.errors import InputError
from atomsim.provenance import make_provenance
from atomsim.results import Array, Estimate, IntArray, quantity
from atomsim.store import (
    FORMAT_VERSION,
    atomic_path,
    read_provenance,
    read_result,
    remove_parts,
    write_result,
    write_results,
    write_text,
)


@dataclass(frozen=True)
class Inner:
    """A nested result."""

    values_n: Array = quantity("epsilon", "energies")
    label: str = quantity("1", "name")


@dataclass(frozen=True)
class Everything:
    """One field of every kind the store knows."""

    positions_nc: Array = quantity("sigma", "positions")
    species_n: IntArray = quantity("1", "species")
    mask_n: np.ndarray = quantity("1", "which atoms")
    empty_nc: Array = quantity("1", "no atoms")
    energy: float = quantity("epsilon", "energy")
    missing: float = quantity("epsilon", "not a number")
    count: int = quantity("1", "how many")
    good: bool = quantity("1", "whether")
    name: str = quantity("1", "text beyond ASCII")
    nothing: float | None = quantity("1", "absent")
    inner: Inner = quantity("1", "nested")
    optional: Inner | None = quantity("1", "nested, may be absent")
    many: tuple[Inner, ...] = quantity("1", "several nested")
    words: tuple[str, ...] = quantity("1", "texts")
    numbers: tuple[float, ...] = quantity("1", "numbers")
    estimates: dict[str, Estimate] = quantity("1", "named estimates, order kept")
    plain: str = field(default="no unit declared")


@dataclass(frozen=True)
class Other:
    """Something else with a field of the same name."""

    energy: float = quantity("epsilon", "energy")


def everything() -> Everything:
    rng = np.random.default_rng(3)
    inner = Inner(rng.normal(size=4), "é")
    return Everything(
        positions_nc=rng.normal(size=(50, 3)),
        species_n=rng.integers(0, 9, 50),
        mask_n=rng.random(50) < 0.5,
        empty_nc=np.zeros((0, 3)),
        energy=0.1 + 0.2,
        missing=float("nan"),
        count=-(2**62),
        good=False,
        name="σ = 3.405 Å",
        nothing=None,
        inner=inner,
        optional=None,
        many=(inner, Inner(np.zeros(0), "")),
        words=("b", "a"),
        numbers=(1.5, -0.0),
        estimates={"zeta": Estimate(1.0, 0.1, "K"), "alpha": Estimate(float("nan"), 0.0, "1", "too few modes")},
    )


def same(a: object, b: object) -> bool:
    """Equality of stored values: bits for numbers, NaN equal to NaN."""
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, float):
        return isinstance(b, float) and np.float64(a).tobytes() == np.float64(b).tobytes()
    if isinstance(a, tuple | list):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return isinstance(b, dict) and list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if hasattr(a, "__dataclass_fields__"):
        return type(a) is type(b) and same(vars(a), vars(b))
    return type(a) is type(b) and a == b


def test_every_kind_of_field_returns_bit_for_bit(tmp_path: Path) -> None:
    result = everything()
    write_result(tmp_path / "a.h5", result)
    assert same(read_result(tmp_path / "a.h5", Everything), result)
    assert [path.name for path in tmp_path.iterdir()] == ["a.h5"]


def test_units_and_descriptions_stand_in_the_file(tmp_path: Path) -> None:
    write_result(tmp_path / "a.h5", everything())
    with h5py.File(tmp_path / "a.h5") as file:
        attributes = dict(file["result/positions_nc"].attrs)
        assert (attributes["unit"], attributes["description"]) == ("sigma", "positions")
        assert file["result/inner/values_n"].attrs["unit"] == "epsilon"
        assert "unit" not in file["result/plain"].attrs
        assert file["result"].attrs["class"] == "Everything"
        assert file["result"].attrs["format_version"] == FORMAT_VERSION
        assert file["result/positions_nc"].dtype == np.float64


def test_several_results_and_provenance_share_a_file(tmp_path: Path) -> None:
    provenance = make_provenance(configuration='{"seed": 1}', seed="1", command="atomsim run", wall_time={"all": 2.0})
    write_results(tmp_path / "a.h5", {"x/N10/0": Other(1.0), "x/N10/1": Other(2.0)}, provenance)
    assert read_result(tmp_path / "a.h5", Other, "x/N10/1") == Other(2.0)
    assert read_provenance(tmp_path / "a.h5") == provenance
    assert {"atomsim", "numpy", "scipy", "numba", "python"} <= set(provenance.versions)


def test_wrong_class_and_wrong_name_are_refused(tmp_path: Path) -> None:
    write_result(tmp_path / "a.h5", everything())
    with pytest.raises(InputError, match=r"a\.h5.*Everything, not Other"):
        read_result(tmp_path / "a.h5", Other)
    with pytest.raises(InputError, match=r"a\.h5.*no group 'glass'.*result"):
        read_result(tmp_path / "a.h5", Everything, "glass")


def test_missing_field_and_newer_format_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    write_result(path, Other(1.0))
    with h5py.File(path, "r+") as file:
        del file["result/energy"]
    with pytest.raises(InputError, match=r"a\.h5.*no field 'energy'"):
        read_result(path, Other)
    with h5py.File(path, "r+") as file:
        file.attrs["format_version"] = FORMAT_VERSION + 1
    with pytest.raises(InputError, match=r"a\.h5.*newer"):
        read_result(path, Other)


def test_missing_foreign_and_text_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.h5.*no such file"):
        read_result(tmp_path / "none.h5", Other)
    (tmp_path / "text.h5").write_text("not HDF5")
    with pytest.raises(InputError, match=r"text\.h5.*not an HDF5 file"):
        read_result(tmp_path / "text.h5", Other)
    with h5py.File(tmp_path / "foreign.h5", "w") as file:
        file["energy"] = 1.0
    with pytest.raises(InputError, match=r"foreign\.h5.*not one of"):
        read_result(tmp_path / "foreign.h5", Other)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.1, 0.5, 0.9, 0.999])
def test_truncated_file_is_refused(tmp_path: Path, share: float) -> None:
    path = tmp_path / "cut.h5"
    write_result(path, everything())
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(InputError, match=r"cut\.h5.*truncated, damaged"):
        read_result(path, Everything)


def test_changed_bytes_of_an_array_are_noticed(tmp_path: Path) -> None:
    path = tmp_path / "flipped.h5"
    result = everything()
    write_result(path, result)
    content = bytearray(path.read_bytes())
    place = content.index(result.positions_nc[20].tobytes())
    content[place] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"flipped\.h5.*damaged"):
        read_result(path, Everything)


def test_values_of_other_types_are_not_written(tmp_path: Path) -> None:
    @dataclass(frozen=True)
    class Wrong:
        value: object

    for value in (np.zeros(2, np.float32), np.zeros(2, complex), {1, 2}, {"a/b": 1.0}, 1j):
        with pytest.raises(TypeError, match="value"):
            write_result(tmp_path / "a.h5", Wrong(value))
    with pytest.raises(TypeError, match="not a dataclass"):
        write_result(tmp_path / "a.h5", 3.0)
    assert list(tmp_path.iterdir()) == []


def test_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with pytest.raises(ZeroDivisionError), atomic_path(path) as temporary:
        temporary.write_text("half")
        raise ZeroDivisionError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere/a\.h5: cannot be written"):
        write_result(tmp_path / "nowhere" / "a.h5", Other(1.0))


def test_remains_of_a_killed_program_are_removed(tmp_path: Path) -> None:
    (tmp_path / ".a.h5.4242.part").write_text("half")
    write_text(tmp_path / "b.txt", "whole")
    remove_parts(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["b.txt"]


def test_engines_are_named_with_their_versions() -> None:
    made = make_provenance(engines=["pytest", "no-such-engine"])
    assert made.versions["pytest"] == pytest.__version__
    assert made.versions["no-such-engine"] == "(not installed as a package)"
