"""What templates are given: plain values built from records, with the words and links of the pages."""
