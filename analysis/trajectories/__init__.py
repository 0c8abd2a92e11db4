"""Trajectories: structure factors, relaxation parameter, distributions, motion and order, of any file MDAnalysis opens.

The numbers are computed by plain functions on arrays; :mod:`analysis.trajectories.analyses` puts them into classes of
MDAnalysis that run on one or several processes.
"""
