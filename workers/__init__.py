"""The kinds of actors and the engines that they share."""
