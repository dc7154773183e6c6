"""What docker-compose.yml mounts, generated from the settings of the embedded stack."""
