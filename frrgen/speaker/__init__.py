"""A BGP speaker that announces and never learns.

Pure, with no clock and no socket: wire, table, plan, and of session the state machine and its back-off.
With asyncio: session (TCP), process (sources, health checks, the admin socket, the life of the speaker).
"""
