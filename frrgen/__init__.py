"""FRR and pfSense BGP as code: one model of a network's BGP edge, and everything that follows from it."""

__version__ = "0.1.0"
