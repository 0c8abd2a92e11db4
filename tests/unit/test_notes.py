"""The notes of the project hold what docstrings cite: a section for each word, and no section that nobody needs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import house
import pytest
from house import Module

from analysis.equations import EquationRow, collect_equations, docstrings
from atomsim.bibliography import BIBLIOGRAPHY

INTRODUCTORY = ("Conventions",)
SOURCE = re.compile(r"(?P<key>[a-z-]+-notes) \((?P<label>[^(){}]+)\)")


@dataclass(frozen=True)
class Section:
    """A section of a note: its heading and its text."""

    heading: str
    text: str

    @property
    def tests(self) -> set[str]:
        return set(re.findall(r"`(test_\w+)`", self.text))

    @property
    def code(self) -> set[str]:
        return {name for name in re.findall(r"`([\w.]+)`", self.text) if not name.startswith("test_")}


def read_sections(text: str) -> list[Section]:
    parts = re.split(r"^## (.+)\n", text, flags=re.MULTILINE)[1:]
    return [Section(heading.strip(), body) for heading, body in zip(parts[::2], parts[1::2], strict=True)]


def note_of(key: str) -> Path:
    """The file that the bibliography names."""
    return house.ROOT / BIBLIOGRAPHY[key].where.split()[0]


@cache
def notes() -> dict[str, list[Section]]:
    keys = [key for key in BIBLIOGRAPHY if key.endswith("-notes")]
    return {key: read_sections(note_of(key).read_text(encoding="utf-8")) for key in keys}


def cited_in_results(modules: Iterable[Module]) -> Iterator[tuple[str, str]]:
    """Key and label of sources that the rows of a validation name: in texts, or as first argument of a check."""
    for module in modules:
        nodes = list(ast.walk(module.tree))
        texts = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
        yield from ((match["key"], match["label"]) for text in texts if (match := SOURCE.fullmatch(text)))
        calls = [node for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args]
        first = [(call.func.id, call.args[0].value) for call in calls if isinstance(call.args[0], ast.Constant)]
        chapters = [value for name, value in first if name == "Chapter" and str(value).endswith("-notes")]
        yield from ((key, value) for key in chapters for name, value in first if name == "check")


@cache
def cited() -> set[tuple[str, str]]:
    rows = {(row.key, row.equation) for row in collect_equations() if row.key in notes()}
    return rows | set(cited_in_results(house.read_modules()))


def headings(known: dict[str, list[Section]]) -> set[tuple[str, str]]:
    return {(key, section.heading) for key, sections in known.items() for section in sections}


def missing(labels: Iterable[tuple[str, str]], known: dict[str, list[Section]]) -> list[str]:
    return [f"{key} has no section {label!r}" for key, label in sorted(set(labels) - headings(known))]


def unused(labels: Iterable[tuple[str, str]], known: dict[str, list[Section]]) -> list[str]:
    spare = sorted(headings(known) - set(labels))
    return [f"{key}: nobody cites {heading!r}" for key, heading in spare if heading not in INTRODUCTORY]


def names_one_of(section: Section, functions: Iterable[str]) -> bool:
    """Whether a section names one of the functions, or a module or class that holds one, by the end of its name."""
    return any(f".{name}." in f".{function}." for function in functions for name in section.code)


def disagreements(rows: Iterable[EquationRow], known: dict[str, list[Section]]) -> list[str]:
    """Sections that name none of the tests, or none of the functions, of the docstrings that cite them."""
    citing: dict[tuple[str, str], list[EquationRow]] = {}
    for row in rows:
        citing.setdefault((row.key, row.equation), []).append(row)
    found = []
    for key, sections in known.items():
        for section in sections:
            here = citing.get((key, section.heading), [])
            if here and not {row.test for row in here} & section.tests:
                found.append(f"{key} ({section.heading}) names none of its tests: {here}")
            if here and not names_one_of(section, [row.function for row in here]):
                found.append(f"{key} ({section.heading}) names none of its functions: {here}")
    return found


def test_every_label_cited_has_a_section() -> None:
    assert len(cited()) > 40
    assert missing(cited(), notes()) == []


def test_every_section_is_cited() -> None:
    assert {key: next(s.heading for s in sections) for key, sections in notes().items()} == dict.fromkeys(
        notes(), "Conventions"
    )
    assert unused(cited(), notes()) == []


def test_headings_of_a_note_are_unique() -> None:
    assert len(headings(notes())) == sum(len(sections) for sections in notes().values())


def test_sections_name_the_tests_and_functions_of_their_docstrings() -> None:
    assert disagreements(collect_equations(), notes()) == []


def test_notes_name_tests_and_code_that_exist() -> None:
    sections = [section for found in notes().values() for section in found]
    tests = set(house.names_of_tests())
    assert [f"{s.heading}: {name}" for s in sections for name in sorted(s.tests - tests)] == []
    names = {f".{name}" for module in house.read_modules() for name, _ in docstrings(module.tree, module.name)}
    names |= {f".{module.name}" for module in house.read_modules()}
    gone = [
        f"{s.heading}: {c}" for s in sections for c in sorted(s.code) if not any(n.endswith(f".{c}") for n in names)
    ]
    assert gone == []


def test_links_and_math_of_the_notes_are_whole() -> None:
    for path in (house.ROOT / "docs").glob("*.md"):
        text = path.read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)]+)\)", text):
            name, _, anchor = target.partition("#")
            page = (path.parent / name).read_text(encoding="utf-8") if name else text
            anchors = {
                re.sub(r"[^\w -]", "", h).strip().lower().replace(" ", "-") for h in re.findall(r"^#+ (.+)", page, re.M)
            }
            assert not anchor or anchor in anchors, f"{path.name}: no heading for {target}"
        for line in text.splitlines():
            assert line.count("$") % 2 == 0 and line.count("{") == line.count("}"), f"{path.name}: {line}"


@pytest.mark.parametrize("heading", ["limit 1", "dimensionless"])
def test_a_missing_a_spare_and_a_stale_section_are_seen(heading: str) -> None:
    row = EquationRow("some-notes", heading, "analysis.levels.solve", "test_levels")
    told = [(row.key, row.equation)]
    good = f"# Title\n\n## Conventions\n\nUnits.\n\n## {heading}\n\nBody, `levels.solve`, `test_levels`.\n"
    sections = {row.key: read_sections(good)}
    assert missing(told, sections) == unused(told, sections) == disagreements([row], sections) == []
    assert missing([*told, (row.key, "other")], sections) == ["some-notes has no section 'other'"]
    assert unused([], sections) == [f"some-notes: nobody cites {heading!r}"]
    stale = {row.key: read_sections(good.replace("test_levels", "test_gone").replace(".solve", ".gone"))}
    assert len(disagreements([row], stale)) == 2


def test_sources_of_validation_rows_are_read() -> None:
    text = (
        'C = Chapter("a-notes", "Title")\ncheck("law", "name")\ncompare("x", "b-notes (tail)", f"c-notes ({what})")\n'
    )
    assert set(cited_in_results([Module("m", text)])) == {("a-notes", "law"), ("b-notes", "tail")}
    assert set(cited_in_results([Module("m", text.replace("a-notes", "paper-1985"))])) == {("b-notes", "tail")}
