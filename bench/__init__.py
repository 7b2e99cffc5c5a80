"""frrgen beside what people use today, side by side in one run: the figures are ratios."""
