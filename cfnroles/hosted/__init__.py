"""The functions that AWS Lambda runs: events in, answers out, and nothing decided here."""
