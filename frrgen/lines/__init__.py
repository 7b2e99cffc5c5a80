"""A rule table: how a line of a configuration stands for a field of the model."""
