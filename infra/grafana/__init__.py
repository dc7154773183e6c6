"""The Grafana dashboard: panels.py says what it shows, build.py makes its JSON."""
