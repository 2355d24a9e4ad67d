"""Bodies of the remote systems, cut into records byte for byte, with exact values."""
