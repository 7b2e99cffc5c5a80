"""Exact sets: numbers, prefixes, communities, AS paths, routes."""
