"""A node of a MADSci workcell, over its own REST protocol."""

from adapters.madsci.adapter import MadsciAdapter

__all__ = ["MadsciAdapter"]
