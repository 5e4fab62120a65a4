"""Tables of measurements that others published: reading them as candidates and values."""
