"""Searches of others, to compare with."""
