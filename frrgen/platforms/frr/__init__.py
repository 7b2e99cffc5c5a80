"""A Linux router that runs FRR."""
