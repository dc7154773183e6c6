"""The stages: intake, crediting, performance, rollups. Pure folds; only app.py touches Faust."""
