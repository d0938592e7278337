"""all-MiniLM-L6-v2 on the CPU: from its weights to sentence vectors, without torch."""
