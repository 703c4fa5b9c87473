"""The `linux` fabric: real networking, done by agents that are told what is wanted (5-fabric).

`protocol` and `checking` are plain Python: the agents import them, and neither Django nor a database.
"""
