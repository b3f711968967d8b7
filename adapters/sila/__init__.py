"""A SiLA 2 server of which one observable command makes a sample."""

from adapters.sila.adapter import SilaAdapter

__all__ = ["SilaAdapter"]
