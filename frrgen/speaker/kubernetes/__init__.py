"""A cluster's API: what it holds, how it is followed, and what a node announces of its Services."""
