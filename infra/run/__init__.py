"""``kpistream run``: the whole system by one command, from nothing to a summary."""
