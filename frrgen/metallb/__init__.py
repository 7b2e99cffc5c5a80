"""MetalLB, both ways: a cluster of the model as its objects, and its objects as a cluster."""
