"""HTTP in: webhooks, status API and probes."""
