"""Git: transport, mirrors, refs and trees."""
