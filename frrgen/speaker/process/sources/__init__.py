"""Where the prefixes to announce come from."""
