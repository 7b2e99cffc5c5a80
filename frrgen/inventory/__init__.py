"""YAML in git <-> model."""
