"""A session with a router: state machine, TCP connection, peer."""
