"""Athanor: a closed-loop active-learning agent for autonomous materials and chemistry laboratories."""

__version__ = "0.1.0"
