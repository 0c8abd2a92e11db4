"""LAMMPS dumps: the reader of MDAnalysis, with truncated ends found and told instead of dropped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from MDAnalysis.coordinates.LAMMPS import DumpReader

from atomsim.errors import InputError

STEP_MARKER, COUNT_MARKER = b"ITEM: TIMESTEP", b"ITEM: NUMBER OF ATOMS"
ATOMS_MARKER = b"ITEM: ATOMS"
UNREAD_MARKERS = (b"ITEM: UNITS", b"ITEM: TIME\n")  # lines that dump_modify adds and MDAnalysis takes for others
TAIL_BLOCK = 1 << 20  # bytes by which the end of a dump is looked through for the last frame


@dataclass(frozen=True)
class DumpEnd:
    """The last frame of a LAMMPS dump: what it holds of what it announces."""

    atoms: int  # whole lines of atoms
    announced: int
    cut: bool  # something follows them that has no end of line, or the last of them lacks columns
    start: int  # place of the frame in the file, in bytes

    @property
    def complete(self) -> bool:
        """Whether all atoms are there."""
        return self.atoms == self.announced and not self.cut

    @property
    def counted(self) -> bool:
        """Whether a reader that counts lines takes it for a frame."""
        return self.atoms == self.announced or (self.cut and self.atoms == self.announced - 1)


def end_of_dump(path: Path, n_atoms: int) -> DumpEnd:
    """Return how far the last frame of a LAMMPS dump goes, from the end of the file alone.

    Args:
        path: the dump.
        n_atoms: atoms of a frame, where the last one breaks off before its own count.

    Raises:
        InputError: the file holds no frame.
    """
    place, frame = _last_frame(path)
    *whole, rest = frame.split(b"\n")
    announced = _announced(whole, n_atoms)
    start = next((k for k, line in enumerate(whole) if line.startswith(ATOMS_MARKER)), None)
    if start is None:
        return DumpEnd(0, announced, False, place)
    columns = len(whole[start].split()) - 2
    rows = [line for line in whole[start + 1 :] if line.strip()]
    short = any(len(row.split()) < columns for row in rows[-1:])
    return DumpEnd(len(rows), announced, bool(rest.strip()) or short, place)


def _last_frame(path: Path) -> tuple[int, bytes]:
    """Where the last frame starts, and all bytes from there on."""
    with open(path, "rb") as stream:
        position = stream.seek(0, 2)
        tail = b""
        while position > 0:
            step = min(TAIL_BLOCK, position)
            position -= step
            stream.seek(position)
            tail = stream.read(step) + tail
            found = tail.rfind(STEP_MARKER)
            if found >= 0:
                return position + found, tail[found:]
    raise InputError(f"{path}: a LAMMPS dump without a line 'ITEM: TIMESTEP'")


def check_dump(path: Path) -> DumpEnd:
    """Return how far the last frame of a dump goes; refuse a dump that cannot be read as it stands.

    Args:
        path: the dump.

    Raises:
        InputError: lines that MDAnalysis would take for others, a number of atoms that changes, or no whole frame.
    """
    with open(path, "rb") as stream:
        head = stream.read(4096).split(ATOMS_MARKER)[0]
    for marker in UNREAD_MARKERS:
        if marker in head:
            raise InputError(
                f"{path}: holds lines '{marker.decode().strip()}' (dump_modify units or time), which MDAnalysis does "
                "not read: write the dump without them, and give --units and --time-step here"
            )
    n_atoms = _announced(head.split(b"\n"), 0)
    end = end_of_dump(path, n_atoms)
    if end.announced != n_atoms:
        raise InputError(
            f"{path}: {n_atoms} atoms in the first frame and {end.announced} in the last; a number of atoms that "
            "changes is not supported"
        )
    if end.start == 0 and not end.complete:
        raise InputError(
            f"{path}: the only frame is truncated, {end.atoms} of {n_atoms} lines of atoms are whole; each line, the "
            "last one too, needs its end"
        )
    return end


def _announced(lines: Sequence[bytes], otherwise: int) -> int:
    """The number of atoms in the header of a frame."""
    place = next((k for k, line in enumerate(lines) if line.startswith(COUNT_MARKER)), None)
    count = lines[place + 1].strip() if place is not None and place + 1 < len(lines) else b""
    return int(count) if count.isdigit() else otherwise


class LammpsDump(DumpReader):
    """LAMMPS dumps, the last frame left out where the program that wrote it was stopped on the way."""

    format = "ATOMSIM_LAMMPSDUMP"

    def __init__(self, filename: str, **options: Any) -> None:
        """Open the file and look at its end.

        Args:
            filename: the dump, checked before.
            options: those of MDAnalysis.
        """
        self.end = check_dump(Path(filename))
        super().__init__(filename, **options)

    @property
    def n_frames(self) -> int:
        """Number of complete frames."""
        return int(super().n_frames) - (self.end.counted and not self.end.complete)

    @property
    def remark(self) -> str:
        """What was left out at the end of the file; empty where nothing was."""
        end = self.end
        if end.complete:
            return ""
        return (
            f"{self.filename}: the last frame is truncated, {end.atoms} of {end.announced} lines of atoms are whole: "
            f"it was left out, {self.n_frames} frames are used"
        )

    def _read_next_timestep(self) -> Any:
        try:
            return super()._read_next_timestep()
        except (ValueError, IndexError) as error:
            raise InputError(f"{self.filename}: frame {self.ts.frame} is damaged ({error})") from error
