"""From files to objects: YAML, canonical form and order."""
