"""The doctor: is everything there that this desk needs, and if not, which line mends it."""
