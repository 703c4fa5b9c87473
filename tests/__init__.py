"""The tests; ``bin/test`` runs them all."""
