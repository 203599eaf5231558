"""HTTP beside the page and the sockets: rooms for the organiser, and the operator's own listener."""
