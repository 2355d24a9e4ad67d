"""Each source system's native records, read into change orders in canonical form. Pure and tolerant."""
