"""From objects of any kind to actors: list and watch, finalizer, status and retry pace."""
