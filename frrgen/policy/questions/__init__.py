"""Questions about policy, and their proven answers."""
