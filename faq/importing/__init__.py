"""Reads what people have their FAQ in: bytes in, documents and named errors out. Knows no framework."""
