"""The poller of Procore: potential change orders of the projects that routes name."""
