"""Power of a machine without a sensor, learnt once from a plug meter: plateaus of load, a fit, and its record."""
