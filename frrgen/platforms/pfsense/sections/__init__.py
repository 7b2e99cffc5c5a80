"""How the sections of the FRR package store the fields of the model: written and read."""
