"""What we believe: mean, noise, ignorance (tensors only)."""
