"""A Bluesky queue server, over its HTTP server."""

from adapters.bluesky.adapter import BlueskyAdapter

__all__ = ["BlueskyAdapter"]
