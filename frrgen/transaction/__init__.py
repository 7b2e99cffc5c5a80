"""Applying a Plan safely."""
