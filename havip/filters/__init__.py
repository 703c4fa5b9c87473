"""Filters of lists, shared by the pages and the REST API."""
