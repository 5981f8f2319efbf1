"""A node put together: what each of its processes does, its jurisdiction's entry, who may ask it."""
