"""What people do and ask, behind the command line: redrive, settle, adopt, resubmit, replay, status, trace."""
