//! Logins as long-lived connections see them: until when each counts.

use chrono::{DateTime, Utc};
use common::{
    auth::StaffRole,
    ids::{SessionId, UserId},
};

use super::sessions::{SESSION_IDLE, store};
use crate::db::{Conn, QueryResult};

/// Somebody's login, found by its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Login {
    pub session_id: SessionId,
    pub user_id: UserId,
    /// When it ends unless it is used again: idle or in any case, whichever comes first.
    pub ends_at: DateTime<Utc>,
    /// Only with a second factor: without one, staff have no more rights than anybody.
    pub staff_role: Option<StaffRole>,
}

/// The logins among `sessions` that were not ended by anybody.
pub fn logins(conn: &mut Conn, sessions: &[SessionId]) -> QueryResult<Vec<Login>> {
    let rows = store::load_logins(conn, sessions)?;
    Ok(rows
        .into_iter()
        .map(|row| Login {
            session_id: row.id,
            user_id: row.user_id,
            staff_role: row.staff_role.filter(|_| row.has_second_factor),
            ends_at: (row.last_seen_at.and_utc() + SESSION_IDLE).min(row.expires_at.and_utc()),
        })
        .collect())
}
