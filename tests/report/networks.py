"""Networks that a page is made of."""

from __future__ import annotations

import json
from pathlib import Path

HOSTILE = "</script><script>alert('1')</script><img src=x onerror=\"alert(2)\"> & `${x}` {{7*7}}"
SECRET = "canary-Zq7"


def hostile(folder: Path) -> Path:
    """Write an inventory whose texts would do harm if a page took them for more than text."""
    net = folder / "net"
    (net / "routers").mkdir(parents=True)
    router = {
        "description": HOSTILE,
        "prefix_lists": {"L": {"entries": ["permit 192.0.2.0/24"], "description": HOSTILE[:60]}},
        "route_maps": {"M": [{"action": "permit", "match": {"ip_address_prefix_list": "L"}, "description": HOSTILE}]},
        "bgp": {
            "asn": 64512,
            "neighbors": {
                "192.0.2.9": {
                    "remote_as": 64513,
                    "description": HOSTILE,
                    "password": "env:BGP_PASSWORD",
                    "ipv4_unicast": {"route_map_in": "M", "route_map_out": "M"},
                }
            },
        },
    }
    (net / "routers/r1.yaml").write_text(json.dumps(router))
    return net
