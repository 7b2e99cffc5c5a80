"""Text -> model + Leftovers: the inverse of render."""
