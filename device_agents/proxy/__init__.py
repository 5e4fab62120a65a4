"""Agents on one machine for devices that cannot run Ray: the same runner and the same JSON lines, over ssh."""
