"""A stand-in for a pfSense box: its PHP, its users and its FRR package are ours; FRR, sshd and PHP are real."""

from tests.lab.pfsense.box import ADMIN, OPERATOR, Pfsense, lacking

__all__ = ["ADMIN", "OPERATOR", "Pfsense", "lacking"]
