"""The table of what is announced, and what each session announces of it."""
