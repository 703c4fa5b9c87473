"""Thin views: read the input, call one operation, render."""
