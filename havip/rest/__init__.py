"""The REST API: reading through the selectors, writing through the operations (docs/rest.md)."""
