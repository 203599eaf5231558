//! `tests/` holds str0m as a peer of the engine: a stack that shares no ICE, SRTP, RTP or RTCP code with it.
