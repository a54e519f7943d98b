"""Pure values and decisions that all engines share."""
