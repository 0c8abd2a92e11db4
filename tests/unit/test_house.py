"""The rules of the house hold in every module; each rule is also shown to object to what it forbids."""

from __future__ import annotations

import fnmatch
import re
import tomllib
from collections import Counter

import house
import pytest
from house import Module

MODULES = house.read_modules()


@pytest.fixture(params=MODULES, ids=lambda module: module.name)
def module(request: pytest.FixtureRequest) -> Module:
    return request.param


def test_all_modules_are_seen() -> None:
    names = {module.name for module in MODULES}
    assert {"atomsim", "atomsim.errors", "atomsim.potentials.radial", "analysis", "analysis.equations"} <= names
    assert len(names) == len(MODULES) > 20


def test_imports_point_one_way() -> None:
    seen = {target for module in MODULES for target in house.imports(module)}
    assert {"numpy", "atomsim.errors", "matplotlib", "h5py", "scipy.constants"} <= {
        prefix for target in seen for prefix in (target, target.partition(".")[0])
    }
    violations = house.import_violations(MODULES)
    assert not violations, "\n".join(violations)


@pytest.mark.parametrize(
    ("name", "text", "target"),
    [
        ("atomsim.a", "import analysis.modes", "analysis.modes"),
        ("atomsim.a", "def f():\n    from analysis import modes", "analysis.modes"),
        ("atomsim.a", "from matplotlib import pyplot", "matplotlib.pyplot"),
        ("analysis.report.page", "import matplotlib.pyplot as plt", "matplotlib.pyplot"),
        ("analysis.study", "from . import cli", "analysis.cli"),
        ("analysis.report.page", "from ..cli import main", "analysis.cli"),
        ("analysis.study", "import h5py", "h5py"),
        ("analysis.thermal.closed", "from scipy import constants", "scipy.constants"),
        ("analysis.thermal.closed", "from scipy.constants import k", "scipy.constants"),
        ("analysis.plotting_extra", "import matplotlib", "matplotlib"),
    ],
)
def test_wrong_imports_are_seen(name: str, text: str, target: str) -> None:
    assert any(line.startswith(f"{name} imports {target}:") for line in house.import_violations([Module(name, text)]))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("analysis.a", "import atomsim\nfrom . import modes\nfrom scipy import special"),
        ("analysis.plotting", "from matplotlib import pyplot"),
        ("atomsim.store", "import h5py"),
        ("atomsim.units", "from scipy import constants"),
        ("atomsim.a", "import analysis_of_variance"),
    ],
)
def test_right_imports_pass(name: str, text: str) -> None:
    assert house.import_violations([Module(name, text)]) == []


def test_relative_imports_of_a_package_are_resolved() -> None:
    package = Module("analysis.report", "from . import page\nfrom .. import cli", is_package=True)
    assert set(house.imports(package)) == {"analysis.report", "analysis.report.page", "analysis", "analysis.cli"}


def test_modules_and_functions_are_short(module: Module) -> None:
    violations = house.size_violations(module)
    assert not violations, "\n".join(violations)


def test_long_modules_and_functions_are_seen() -> None:
    statements = "    x = 1\n" * (house.LONGEST_FUNCTION + 1)
    function = f'def f():\n    """Doc.\n\n    More.\n    """\n{statements}'
    assert len(house.size_violations(Module("a", function))) == 1
    assert house.size_violations(Module("a", function.replace("    x = 1\n", "", 1))) == []
    assert len(house.size_violations(Module("a", "x = 1\n" * (house.LONGEST_MODULE + 1)))) == 1


def test_every_folder_of_a_package_is_a_package() -> None:
    names = {module.name for module in MODULES}
    missing = {module.name.rpartition(".")[0] for module in MODULES if "." in module.name} - names
    assert missing == set()  # setuptools would leave such a folder out of the wheel


def test_packages_and_their_data_are_declared() -> None:
    settings = tomllib.loads((house.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    found = {path.parent.name for path in house.ROOT.glob("*/__init__.py")}
    assert found == set(house.PACKAGES)
    assert settings["packages"]["find"]["include"] == [f"{name}*" for name in house.PACKAGES]
    for package in house.PACKAGES:
        folder = house.ROOT / package
        assert (folder / "py.typed").is_file()
        ignored = (".py", ".pyc", ".nbi", ".nbc")
        data = [p.relative_to(folder) for p in folder.rglob("*") if p.is_file() and p.suffix not in ignored]
        patterns = settings["package-data"][package]
        assert [p for p in data if not any(fnmatch.fnmatch(p.as_posix(), pattern) for pattern in patterns)] == []


def test_dependencies_are_those_that_are_imported() -> None:
    project = tomllib.loads((house.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {re.match(r"[\w-]+", text)[0].lower() for text in project["dependencies"]}
    imported = {{"sklearn": "scikit-learn"}.get(name, name).lower() for name in house.foreign_imports(MODULES)}
    assert imported == declared


def test_undeclared_import_is_seen() -> None:
    text = "import os.path\nimport numpy as np\nfrom atomsim import units\nfrom seaborn import lineplot"
    assert house.foreign_imports([Module("analysis.a", text)]) == {"numpy", "seaborn"}


def test_no_folder_of_the_tests_shadows_a_package() -> None:
    # An installer takes such a folder for a namespace package and finds it before the installed one.
    folders = {path.name for path in (house.ROOT / "tests").rglob("*") if path.is_dir()}
    assert folders & set(house.PACKAGES) == set()
    assert not list((house.ROOT / "tests").rglob("__init__.py"))


def test_names_of_tests_are_unique() -> None:
    names = house.names_of_tests()
    assert len(names) > 50
    assert [name for name, count in Counter(names).items() if count > 1] == []
