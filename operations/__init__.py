"""What people do and ask, behind the command line: reading topics, redrive, settle, adopt, resubmit, replay, status, trace."""
