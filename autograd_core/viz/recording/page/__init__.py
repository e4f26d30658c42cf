"""One HTML file with a slider over the recorded steps, for any browser, without a network."""

from .build import html_of

__all__ = ["html_of"]
