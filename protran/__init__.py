"""ProTran: hardware-aware architecture search for transformers."""
