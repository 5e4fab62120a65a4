"""Campaigns: what to do next, doing it, and remembering it."""
