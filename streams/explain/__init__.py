"""Why an award stands and what a period paid: recomputed in exact numbers from the credits, apart from the engine."""
