//! placeholder until the bridge stands
