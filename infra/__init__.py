"""Operations: command line, settings, metrics, migrations and the embedded stack."""
