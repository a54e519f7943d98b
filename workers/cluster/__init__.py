"""The Kubernetes API server: connection, discovery, apply, watch, lease and events."""
