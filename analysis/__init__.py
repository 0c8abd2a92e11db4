"""Measuring and modelling glasses: vibrations, soft modes, soft potentials and what follows from them.

A stage is a pure function from frozen dataclasses to one frozen dataclass, in reduced units and float64;
:mod:`analysis.study` knows the order of the stages, :mod:`analysis.plotting` draws, :mod:`analysis.cli` talks to
the user. This package imports :mod:`atomsim`, never the other way round. The table of axis suffixes stands in
:mod:`atomsim`.
"""
