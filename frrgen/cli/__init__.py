"""The command line: one module per verb; arguments in, exit codes out, no decisions."""
