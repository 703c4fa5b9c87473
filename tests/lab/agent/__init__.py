"""The agent in real networks: namespaces that the tests make and remove, real nftables, real keepalived."""
