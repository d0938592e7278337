"""The semantic half: from bytes of weights to sentence vectors."""
