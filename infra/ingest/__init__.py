"""Ways for events to get in: produce a file, import another system's files, simulate a company."""
