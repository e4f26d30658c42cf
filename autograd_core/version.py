"""The version of this package, which the distribution has too."""

__all__ = ["__version__"]

__version__ = "0.1.0"
