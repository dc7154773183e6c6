"""Messages and documents that cross a boundary: events, plans, blocks, results. Imports nothing of ours."""
