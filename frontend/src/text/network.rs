//! What a page says while the server cannot be reached.

texts! {
    Network {
        offline: "You are offline.",
        needed: "This needs a connection.",
    }
    phrases {
        as_of(time): "As of {time}.",
    }
}
