"""Receptive fields: which pixels reach a place of a layer's maps, and a page on which one points at the places."""

from .fields import ReceptiveField, ReceptiveFields, receptive_fields

__all__ = ["ReceptiveField", "ReceptiveFields", "receptive_fields"]
