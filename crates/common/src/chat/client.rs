//! Everything that a client of the realtime protocol decides, as pure functions.
