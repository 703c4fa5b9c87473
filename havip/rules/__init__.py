"""Every precondition and limit of 2-domain, each once, as a small function that bears its number.

A rule's function takes plain facts (records that are already loaded, counts, settings), never queries, and raises Refusal.
Operations call it under the lock; pages call the same one to draw an action disabled with its reason.
"""
