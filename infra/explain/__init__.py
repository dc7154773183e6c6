"""``kpistream explain``: where the evidence comes from and how it is told."""
