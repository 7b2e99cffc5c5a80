"""How FRR writes each thing of the model: the one table from which rendering, parsing and undoing are derived."""
