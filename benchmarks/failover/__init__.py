"""How long nobody answers when a node is lost, with real keepalived in network namespaces: `python -m benchmarks.failover`."""
