"""The devices that answer to one controller."""
