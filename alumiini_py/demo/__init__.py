"""The demo: the whole path on real parts, step by step."""
