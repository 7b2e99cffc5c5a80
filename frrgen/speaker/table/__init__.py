"""The table of what is announced, and what each session is told of it."""
