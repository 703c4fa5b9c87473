"""Fabrics: what makes the network match the records (5-fabric)."""
