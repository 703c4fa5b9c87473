"""Reading: team-scoped queries and the facts that rules need. Everything that a face shows comes from here."""
