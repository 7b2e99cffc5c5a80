"""What is intended: an inventory with its clusters written out, and the policies and routes that people name."""
