"""Open dead letters: found, compared, mapped anew and decided."""
