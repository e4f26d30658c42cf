"""One HTML file that replays a backward pass, for any browser, without a network."""

from .build import html_of

__all__ = ["html_of"]
