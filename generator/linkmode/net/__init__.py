"""HTTP, package indexes and pip configuration. The only part of linkmode that touches the network."""
