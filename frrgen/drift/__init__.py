"""Where a cluster's prefixes get lost: sent by nodes, received, accepted and chosen by routers, in their kernels."""
