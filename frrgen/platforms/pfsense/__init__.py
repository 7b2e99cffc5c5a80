"""A firewall that runs FRR by the FRR package of pfSense."""
