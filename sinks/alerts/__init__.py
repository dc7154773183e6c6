"""Alerts: awards pushed to people through channels, each once, with a log of deliveries in Kafka."""
