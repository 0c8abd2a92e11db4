"""The table of equations is complete: every source is known, every test exists, no numbered equation is left out."""

from __future__ import annotations

import sys
from pathlib import Path

import house
import pytest
from house import Module

from analysis.equations import EquationRow, collect_equations, docstrings, module_sources, parse_sources
from atomsim.bibliography import BIBLIOGRAPHY
from atomsim.errors import InputError

KNOWN = ("karpov-parshin-1985", "buchenau-1992")


def test_equation_table_is_complete() -> None:
    rows = collect_equations()
    assert len(rows) > 30
    assert len(set(rows)) == len(rows)
    assert {row.key for row in rows} <= set(BIBLIOGRAPHY)
    assert {row.function.partition(".")[0] for row in rows} == {"atomsim", "analysis"}
    tests = set(house.names_of_tests())
    assert [f"{row.function}: {row.test}" for row in rows if row.test not in tests] == []


def test_every_numbered_equation_names_its_source() -> None:
    violations = [line for module in house.read_modules() for line in house.unsourced_equations(module)]
    assert not violations, "\n".join(violations)


def test_reader_of_sources_sees_every_module() -> None:
    # the table reads the packages through the import system, the rules of the house through the file system
    import analysis
    import atomsim

    read = [name for package in (atomsim, analysis) for name, _ in module_sources(package)]
    assert sorted(read) == sorted(module.name for module in house.read_modules())


def test_equations_are_collected_and_sorted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "glassy"
    (package / "inner").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "inner" / "__init__.py").write_text("")
    (package / "inner" / "deep.py").write_text(
        "raise RuntimeError('reading must not import')\n"
        "class Level:\n"
        "    def energy(self):\n"
        '        """Energy.\n\n        Source: karpov-parshin-1985 (5.10), (5.9); test: test_b\n        """\n'
    )
    (package / "flat.py").write_text(
        'def f():\n    """F.\n\n    Source: karpov-parshin-1985 (text); test: test_c\n'
        '    Source: buchenau-1992 (12a); test: test_a\n    """\n'
    )
    monkeypatch.syspath_prepend(tmp_path)
    import glassy

    rows = collect_equations([glassy], known=KNOWN)
    for name in [name for name in sys.modules if name.partition(".")[0] == "glassy"]:
        monkeypatch.delitem(sys.modules, name)
    assert rows == (
        EquationRow("buchenau-1992", "12a", "glassy.flat.f", "test_a"),
        EquationRow("karpov-parshin-1985", "5.9", "glassy.inner.deep.Level.energy", "test_b"),
        EquationRow("karpov-parshin-1985", "5.10", "glassy.inner.deep.Level.energy", "test_b"),
        EquationRow("karpov-parshin-1985", "text", "glassy.flat.f", "test_c"),
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("Source: karpov-parshin-1958 (5.9); test: test_a", "did you mean 'karpov-parshin-1985'"),
        ("Source: karpov-parshin-1985 (5.9)", "cannot read"),
        ("Source: karpov-parshin-1985; test: test_a", "cannot read"),
        ("Source: karpov-parshin-1985 (5.9), 5.10; test: test_a", "cannot read"),
        ("Source: karpov-parshin-1985 (5.9); test: by eye", "cannot read"),
    ],
)
def test_unreadable_sources_are_refused(line: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_sources(f"Summary.\n\n{line}\n", "m.f", known=KNOWN)


def test_docstrings_inside_conditions_and_functions_are_found() -> None:
    module = Module("m", 'if True:\n    def f():\n        """F."""\n        def g():\n            """G."""\n')
    assert sorted(docstrings(module.tree, "m")) == [("m.f", "F."), ("m.f.g", "G.")]


@pytest.mark.parametrize(
    "mention", ["Follows eq. (7).", "By (5.9) it is small.", "Equation 12 of the paper.", "Eqs. 3"]
)
def test_unsourced_equation_is_seen(mention: str) -> None:
    text = f'def f():\n    """F.\n\n    {mention}\n    """\n'
    assert len(house.unsourced_equations(Module("m", text))) == 1
    sourced = text.replace("    {mention}", "").replace(mention, f"{mention}\n\n    Source: a (1); test: test_a")
    assert house.unsourced_equations(Module("m", sourced)) == []
    assert house.unsourced_equations(Module("m", 'def f():\n    """Density 0.82 (64 atoms), see f(5)."""\n')) == []
