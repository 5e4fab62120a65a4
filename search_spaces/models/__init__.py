"""Torch models that are built from candidates."""
