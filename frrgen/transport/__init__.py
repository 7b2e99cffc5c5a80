"""The only package that touches a router: it moves text and never makes it."""
