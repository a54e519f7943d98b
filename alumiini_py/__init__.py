"""The program a person starts."""
