"""How ConstructionOnline is polled."""
