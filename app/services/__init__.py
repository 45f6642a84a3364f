"""Use cases: what a person can do with a session, without any Qt."""
