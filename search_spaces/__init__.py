"""What can exist: genes, encoding, cost, torch models."""
