"""Messages of BGP as octets: pure, without a socket or a clock."""
