"""Intended vs running -> Plan."""
