"""Trains an architecture on a task and scores it, seeded, at a chosen fidelity."""
