//! The open sockets of this node, and the watch that closes those whose login has ended.
//!
//! The database is the truth: a login that was revoked on another node ends here too, within the watch's interval.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use common::{
    chat::CloseReason,
    ids::{SessionId, SocketSessionId, UserId},
};
use tokio::sync::oneshot;

use super::service;
use crate::app::App;

/// How often logins are looked up; revoking promises two seconds.
const WATCH_EVERY: Duration = Duration::from_secs(1);
/// More than these of one person, and the oldest is closed.
const SOCKETS_PER_USER: usize = 10;

/// Every open socket of this node.
#[derive(Default)]
pub struct Sockets {
    open: Mutex<HashMap<u64, Entry>>,
    next: AtomicU64,
}

struct Entry {
    session_id: SessionId,
    user_id: UserId,
    /// What its welcome named, for the tab to come back with.
    socket_session: Option<SocketSessionId>,
    close: oneshot::Sender<CloseReason>,
}

/// One open socket; it leaves the list when this is dropped.
pub struct Place {
    sockets: Arc<Sockets>,
    pub id: u64,
    /// Resolves when the server wants the socket closed.
    pub closing: oneshot::Receiver<CloseReason>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.sockets.lock().remove(&self.id);
    }
}

impl Sockets {
    /// Takes a place; the oldest socket of somebody who has too many is closed.
    pub fn enter(self: &Arc<Self>, session_id: SessionId, user_id: UserId) -> Place {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (close, closing) = oneshot::channel();
        let mut open = self.lock();
        let mut own: Vec<u64> = open
            .iter()
            .filter(|(_, entry)| entry.user_id == user_id)
            .map(|(id, _)| *id)
            .collect();
        if own.len() >= SOCKETS_PER_USER {
            own.sort_unstable();
            if let Some(oldest) = open.remove(&own[0]) {
                oldest.tell(CloseReason::TooManySockets);
            }
        }
        open.insert(
            id,
            Entry {
                session_id,
                user_id,
                socket_session: None,
                close,
            },
        );
        Place {
            sockets: Arc::clone(self),
            id,
            closing,
        }
    }

    /// Names the session of a socket; another socket of the person that still has the session which this one
    /// continues is closed, since a tab has one socket.
    pub fn greet(&self, id: u64, session: SocketSessionId, continued: Option<SocketSessionId>) {
        let mut open = self.lock();
        let Some(own) = open.get_mut(&id) else { return };
        own.socket_session = Some(session);
        let user_id = own.user_id;
        let replaced = open.iter().find(|(other, entry)| {
            **other != id && continued.is_some() && entry.socket_session == continued && entry.user_id == user_id
        });
        if let Some(entry) = replaced.map(|(id, _)| *id).and_then(|id| open.remove(&id)) {
            entry.tell(CloseReason::Replaced);
        }
    }

    pub fn count(&self) -> usize {
        self.lock().len()
    }

    /// Tells every socket that this node goes away.
    pub fn drain(&self) {
        for (_, entry) in self.lock().drain() {
            entry.tell(CloseReason::Drain);
        }
    }

    fn sessions(&self) -> Vec<SessionId> {
        let mut sessions: Vec<_> = self.lock().values().map(|entry| entry.session_id).collect();
        sessions.sort_unstable();
        sessions.dedup();
        sessions
    }

    fn close(&self, ended: &HashMap<SessionId, CloseReason>) {
        let mut open = self.lock();
        let ids: Vec<u64> = open
            .iter()
            .filter(|(_, entry)| ended.contains_key(&entry.session_id))
            .map(|(id, _)| *id)
            .collect();
        for entry in ids.into_iter().filter_map(|id| open.remove(&id)) {
            let reason = ended[&entry.session_id];
            entry.tell(reason);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Entry>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn tell(self, reason: CloseReason) {
        // A socket that has just gone by itself needs no telling.
        let _ = self.close.send(reason);
    }
}

/// Closes sockets whose login has ended and wakes those whose people's streams went on elsewhere, until the application is dropped.
pub async fn watch(app: Weak<App>) {
    let mut heads = HashMap::new();
    loop {
        let Some(app) = app.upgrade() else { return };
        let sockets = Arc::clone(&app.sockets);
        let sessions = sockets.sessions();
        if let Err(error) = service::wake_people(&app, &mut heads).await {
            tracing::warn!(?error, "Could not look up the streams of connected people");
        }
        if !sessions.is_empty() {
            match service::ended_logins(&app, sessions).await {
                Ok(ended) => sockets.close(&ended),
                Err(error) => tracing::warn!(?error, "Could not look up the logins of open sockets"),
            }
        }
        drop(app);
        tokio::time::sleep(WATCH_EVERY).await;
    }
}
