"""Steps of the writers' protocol: receive, plan, dispatch, record, settle, and what failures do."""
