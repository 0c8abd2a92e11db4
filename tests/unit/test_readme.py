"""Every snippet of the README runs, at smoke size, and prints what the README says it prints.

A block of ``python`` or ``bash`` is executed unless the line before it is ``<!-- not run: reason -->``. A block of
``text`` directly after a block of ``python`` is what that block prints: words must agree, and numbers to
``PRINTED_AGREEMENT``, but for those that the README marks with ``≈`` as different from processor to processor.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import house
import pytest
import typer

from analysis.cli import app
from analysis.report.headlines import HEADLINES
from analysis.report.nonlinear_headlines import NONLINEAR_KEYS
from analysis.report.tail_headlines import TAIL_KEYS

README = house.ROOT / "README.md"
SMOKE = house.ROOT / "tests" / "smoke.txt"
FENCE = re.compile(
    r"(?:<!-- not run: (?P<reason>[^\n]+) -->\n)?^```(?P<language>\w+)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL
)
NUMBER = re.compile(r"[-+]?\d+\.?\d*(?:e[-+]?\d+)?")
WORD = re.compile(r"[\w-]+")
CHAOTIC = re.compile(rf"≈ ?{NUMBER.pattern}")
PRINTED_AGREEMENT = 0.05  # a quench is chaotic: the same seed gives another glass where the processor rounds otherwise


@dataclass(frozen=True)
class Snippet:
    """One fenced block: its language, its text, the line it begins at, and why it is not run (or an empty text)."""

    language: str
    body: str
    line: int
    reason: str
    prints: str = ""


def snippets(text: str) -> Iterator[Snippet]:
    """Yield the blocks of code of a Markdown text, each with the output that the text shows for it."""
    found = list(FENCE.finditer(text))
    for match, after in zip(found, [*found[1:], None], strict=True):
        shows = after is not None and after["language"] == "text" and not text[match.end() : after.start()].strip()
        if match["language"] in ("python", "bash"):
            line = text.count("\n", 0, match.start()) + 1
            printed = after["body"] if shows and after is not None else ""
            yield Snippet(match["language"], match["body"], line, match["reason"] or "", printed)


def smoke_size(command: str) -> str:
    """Return a command line with the settings of the smoke size added to each ``atomsim run``."""
    settings = [line for line in SMOKE.read_text().splitlines() if line and not line.startswith("#")]
    extra = " ".join(f"--set {shlex.quote(setting)}" for setting in settings)
    return re.sub(r"^atomsim run (\S+)", rf"atomsim run \1 {extra}", command, flags=re.MULTILINE)


def same_output(printed: str, shown: str) -> bool:
    """Whether two texts agree: the words exactly, the numbers to ``PRINTED_AGREEMENT`` unless marked as chaotic."""
    printed, shown = CHAOTIC.sub("≈", printed), CHAOTIC.sub("≈", shown)
    if NUMBER.sub("0", printed).split() != NUMBER.sub("0", shown).split():
        return False
    pairs = zip(NUMBER.findall(printed), NUMBER.findall(shown), strict=True)
    return all(float(a) == pytest.approx(float(b), rel=PRINTED_AGREEMENT) for a, b in pairs)


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the examples and an ``atomsim`` command, where the snippets of the README run one after another."""
    folder = tmp_path_factory.mktemp("readme")
    shutil.copytree(house.ROOT / "examples", folder / "examples")
    (folder / "bin").mkdir()
    command = folder / "bin" / "atomsim"
    command.write_text(
        f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -c "from analysis.cli import main; main()" "$@"\n'
    )
    command.chmod(0o755)
    return folder


def run(snippet: Snippet, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run one snippet in a folder and return what it printed."""
    path = os.pathsep.join([str(folder / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = os.environ | {"PATH": path, "PYTHONPATH": str(house.ROOT), "OMP_NUM_THREADS": "1"}
    if snippet.language == "python":
        command = [sys.executable, "-c", snippet.body]
    else:
        command = ["bash", "-euo", "pipefail", "-c", smoke_size(snippet.body)]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=900)


SNIPPETS = [snippet for snippet in snippets(README.read_text(encoding="utf-8")) if not snippet.reason]


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda snippet: f"line{snippet.line}-{snippet.language}")
def test_readme_snippet_runs(snippet: Snippet, workshop: Path) -> None:
    done = run(snippet, workshop)
    assert done.returncode == 0, done.stderr
    if snippet.prints:
        assert same_output(done.stdout, snippet.prints), f"printed:\n{done.stdout}\nREADME shows:\n{snippet.prints}"


def test_readme_has_snippets_that_run() -> None:
    assert {snippet.language for snippet in SNIPPETS} == {"python", "bash"}
    assert any(snippet.prints for snippet in SNIPPETS)


def test_snippets_are_found_and_can_fail(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    text = "a\n```bash\nfalse\n```\n\n```python\nprint(2.0)\n```\n\n```text\n2.01\n```\n"
    skipped = "<!-- not run: needs a network -->\n```bash\ngit clone\n```\n"
    first, second, third = snippets(text + skipped)
    assert (first.language, first.line, first.reason) == ("bash", 2, "")
    assert run(first, tmp_path).returncode != 0
    assert same_output(run(second, tmp_path).stdout, second.prints)
    assert third.reason == "needs a network"


def test_shown_output_must_agree() -> None:
    assert same_output("energy 3.49, omega ≈ 0.31\n", "energy  3.50, omega ≈ 0.44")
    assert not same_output("energy 3.49", "energy 4.49")
    assert not same_output("energy 3.49", "pressure 3.49")
    assert not same_output("omega ≈ 0.31", "omega 0.31")
    assert not same_output("1 2", "1")


def test_smoke_settings_are_added_to_runs() -> None:
    command = smoke_size("atomsim run examples/demo.toml --out demo\natomsim report demo\n")
    first, second = command.splitlines()
    assert first.startswith("atomsim run examples/demo.toml --set ")
    assert first.endswith(" --out demo")
    assert second == "atomsim report demo"


def table_under(heading: str) -> list[tuple[str, str]]:
    """Return the first two columns of the table below a heading of the README, head and rule left out."""
    text = README.read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = [[cell.strip() for cell in line.split("|")[1:3]] for line in text.splitlines() if line.startswith("|")]
    return [(first, second) for first, second in rows[2:]]


def test_readme_lists_the_keys_of_the_summary() -> None:
    listed = {
        (stage.strip("`"), key) for stage, keys in table_under("Keys of summary.json") for key in WORD.findall(keys)
    }
    expected = {(headline.stage, headline.key) for headline in HEADLINES}
    assert listed == expected | {("tail", key) for key in TAIL_KEYS} | set(NONLINEAR_KEYS)


def test_readme_lists_every_verb() -> None:
    listed = {WORD.search(verb)[0] for verb, _ in table_under("From the command line")}
    assert listed == set(typer.main.get_command(app).commands)


def test_readme_pictures_exist() -> None:
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README.read_text(encoding="utf-8"))
    assert pictures
    assert [picture for picture in pictures if not (house.ROOT / picture).is_file()] == []
