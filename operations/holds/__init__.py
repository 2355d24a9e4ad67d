"""What people hold: made, released, listed, and obeyed by every owner before a command says so."""
