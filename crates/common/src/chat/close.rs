//! Why a socket is closed, and what the client does about it.

/// Why a socket was closed: 4000 to 4499 ask the client to come back, 4500 to 4599 to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum CloseReason {
    /// The program ends (RFC 6455 section 7.4.1).
    GoingAway = 1001,
    /// A frame was larger than [`super::FRAME_MAX`].
    TooBig = 1009,
    PongTimeout = 4000,
    SequenceLost = 4001,
    /// The login reached its end: sign in again, then reconnect with a new ticket.
    AuthExpired = 4002,
    Drain = 4003,
    /// The client read too slowly; its cursors bring it back without a loss.
    SlowConsumer = 4008,
    /// Say hello without a session.
    SessionUnknown = 4009,
    /// Another socket continues the session.
    Replaced = 4011,
    /// The tab keeps still until somebody looks at it.
    TooManySockets = 4013,
    RateLimited = 4029,
    /// Signed out, revoked, or no longer allowed.
    Revoked = 4501,
    Version = 4502,
    Banned = 4503,
    Malformed = 4504,
}

/// What a client does when its socket was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseClass {
    Reconnect,
    /// Coming back would end the same way.
    Stop,
    /// Come back, but without the message that was too big.
    StopThisMessage,
}

impl CloseReason {
    pub const ALL: &'static [CloseReason] = &[
        CloseReason::GoingAway,
        CloseReason::TooBig,
        CloseReason::PongTimeout,
        CloseReason::SequenceLost,
        CloseReason::AuthExpired,
        CloseReason::Drain,
        CloseReason::SlowConsumer,
        CloseReason::SessionUnknown,
        CloseReason::Replaced,
        CloseReason::TooManySockets,
        CloseReason::RateLimited,
        CloseReason::Revoked,
        CloseReason::Version,
        CloseReason::Banned,
        CloseReason::Malformed,
    ];

    pub fn code(self) -> u16 {
        self as u16
    }

    /// The reason with that code; `None` for codes that are not ours, such as 1006.
    pub fn of(code: u16) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.code() == code)
    }

    /// A few words for whoever reads a log.
    pub fn words(self) -> &'static str {
        match self {
            CloseReason::GoingAway => "the program ends",
            CloseReason::TooBig => "a frame was too big",
            CloseReason::PongTimeout => "no answer to a ping",
            CloseReason::SequenceLost => "a sequence was lost",
            CloseReason::AuthExpired => "the login has ended",
            CloseReason::Drain => "the server goes away",
            CloseReason::SlowConsumer => "read too slowly",
            CloseReason::SessionUnknown => "unknown session",
            CloseReason::Replaced => "another socket continues the session",
            CloseReason::TooManySockets => "too many sockets",
            CloseReason::RateLimited => "too many frames",
            CloseReason::Revoked => "signed out",
            CloseReason::Version => "another version of the protocol",
            CloseReason::Banned => "not allowed",
            CloseReason::Malformed => "not a frame",
        }
    }
}

impl CloseClass {
    /// Judges any code, also one that a later server invents.
    pub fn of(code: u16) -> Self {
        match code {
            4500..=4599 => CloseClass::Stop,
            1009 => CloseClass::StopThisMessage,
            _ => CloseClass::Reconnect,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_45xx_stops_and_only_1009_costs_a_message() {
        for code in 0..=u16::MAX {
            let expected = match code {
                1009 => CloseClass::StopThisMessage,
                _ if code / 100 == 45 => CloseClass::Stop,
                _ => CloseClass::Reconnect,
            };
            assert_eq!(CloseClass::of(code), expected, "{code}");
        }
    }

    #[test]
    fn each_reason_is_found_by_its_code() {
        for reason in CloseReason::ALL {
            assert_eq!(CloseReason::of(reason.code()), Some(*reason));
        }
        assert_eq!(CloseReason::of(1006), None);
    }
}
