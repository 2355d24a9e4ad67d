"""What each endpoint does, grouped as the published reference groups them."""
