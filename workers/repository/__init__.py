"""The GitRepository kind: spec, messages, sync, status."""
