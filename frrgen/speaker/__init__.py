"""An asyncio BGP speaker that announces and never learns."""
