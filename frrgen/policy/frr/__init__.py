"""FRR's own rules: what bgpd does with a route on its way in and out."""
