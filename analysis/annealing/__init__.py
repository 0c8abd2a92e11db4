"""Annealing studies: ensembles of glasses held at several temperatures, what relaxes, and by which law."""
