"""What is written to Procore: parts with their hashes, and links for people."""
