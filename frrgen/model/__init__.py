"""WHAT the network should be: pure, frozen pydantic, no I/O."""
