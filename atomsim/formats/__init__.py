"""Readers and writers of structures: our own files, and whatever ASE reads."""

from atomsim.formats.structures import read_glass, read_structure, write_glass

__all__ = ["read_glass", "read_structure", "write_glass"]
