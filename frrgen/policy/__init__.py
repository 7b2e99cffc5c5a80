"""What a policy MEANS: exact answers about prefix lists and route maps."""
