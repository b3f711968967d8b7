"""Posterior in, proposals out: initial designs, acquisition, and the choice of points."""
