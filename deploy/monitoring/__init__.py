"""Rules and dashboards for a Prometheus and a Grafana without an operator; ``make manifests`` writes them."""
