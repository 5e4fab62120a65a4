"""Searches compared on real trainings and profiles: candidates are proposed freely, not taken from a table."""
