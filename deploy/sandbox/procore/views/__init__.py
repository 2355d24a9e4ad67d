"""How records are sent: list rows, show views and creation replies differ, in members and in types."""
