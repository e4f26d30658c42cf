"""Coordinates for a drawing: boxes, clusters around them and curves between them, whichever engine finds them."""

from .graph import Box, Cluster, Direction, Edge, Graph, Layout, Point, Rectangle, Route
from .ladder import lay_out

__all__ = ["Box", "Cluster", "Direction", "Edge", "Graph", "Layout", "Point", "Rectangle", "Route", "lay_out"]
