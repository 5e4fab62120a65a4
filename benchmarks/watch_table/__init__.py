"""A table of our own: architectures of edge-small, trained on `watch` with several seeds and profiled by ProTran."""
