"""The forms of the pages: each drives one operation."""
