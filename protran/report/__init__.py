"""How results are shown: one-line architectures, values with their errors, the picture of a front."""
