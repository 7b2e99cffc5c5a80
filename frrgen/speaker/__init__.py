"""A BGP speaker that announces and never learns.

Pure, with no clock and no socket: error, key, attributes, capability, message, update, fsm, rib, gate, plan.
With asyncio: connection (TCP), peer (one session, on one or two connections), source, health, admin, speaker.
"""
