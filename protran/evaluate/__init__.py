"""How good surrogates are: repeated splits of a table of measurements, and metrics with their spread."""
