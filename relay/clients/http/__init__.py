"""One HTTP call: request and answer, one deadline, failures by what may be done, redaction, secrets."""
