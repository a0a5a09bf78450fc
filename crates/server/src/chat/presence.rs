//! Who is online, away or offline, over all devices and nodes, and what of it others see.
//!
//! Each open socket has a lease in the database, which its node renews; a lease that nobody renews ends by itself, so
//! that a node that dies leaves nobody behind. Every node reads the leases of the people whom its sockets follow, and
//! tells only what has changed.

mod rules;
mod store;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use common::{
    chat::{
        ServerFrame,
        client_frames::OwnPresence,
        events::{MemberChange, Membership},
        server_frames::{Presence, PresenceState, Seen},
        wire,
    },
    ids::{ThreadId, UserId},
};

use super::{
    hub::{Moment, Told, Viewer},
    settings,
};
use crate::{
    app::App,
    db::{Conn, QueryResult},
};

pub use self::store::purge;

/// How often changes are written, and read from other nodes.
const LOOK_EVERY: Duration = Duration::from_secs(1);
const LEASE: TimeDelta = TimeDelta::seconds(60);
const RENEW_EVERY: TimeDelta = TimeDelta::seconds(25);
/// Others are told of one person once in this time.
const TELL_EVERY: TimeDelta = TimeDelta::seconds(10);
/// People and leases asked for in one query.
const ASKED_AT_ONCE: usize = 500;

/// What this node knows and has told.
#[derive(Default)]
pub struct Presences {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The open sockets of this node that have greeted.
    open: HashMap<String, UserId>,
    /// What the database does not know yet; `None` for sockets that have closed.
    changed: HashMap<String, (UserId, Option<OwnPresence>)>,
    renewed_at: Option<DateTime<Utc>>,
    /// Who belongs to the threads that somebody follows here.
    members: HashMap<ThreadId, HashSet<UserId>>,
    known: HashMap<UserId, Known>,
}

/// How somebody was told to be.
#[derive(Clone)]
struct Known {
    seen: Seen,
    at: DateTime<Utc>,
    hidden_from: Arc<HashSet<UserId>>,
}

/// A socket's part of its person's presence; it ends when this is dropped.
pub struct Lease {
    presences: Arc<Presences>,
    connection: String,
    user_id: UserId,
}

impl Lease {
    pub fn set(&self, presence: OwnPresence) {
        let mut state = self.presences.lock();
        state.open.insert(self.connection.clone(), self.user_id);
        state
            .changed
            .insert(self.connection.clone(), (self.user_id, Some(presence)));
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut state = self.presences.lock();
        if state.open.remove(&self.connection).is_some() {
            state
                .changed
                .insert(std::mem::take(&mut self.connection), (self.user_id, None));
        }
    }
}

impl Presences {
    /// A place for a socket, which counts from its first [`Lease::set`] on.
    pub fn lease(self: &Arc<Self>, connection: &str, user_id: UserId) -> Lease {
        Lease {
            presences: Arc::clone(self),
            connection: connection.to_owned(),
            user_id,
        }
    }

    /// Somebody follows a thread: tells how its members are, as far as that is known and may be seen.
    pub fn follow(&self, thread: ThreadId, members: HashSet<UserId>, viewer: &Viewer) -> BTreeMap<UserId, Seen> {
        let mut state = self.lock();
        let visible = members.iter().filter_map(|user_id| {
            let known = state.known.get(user_id)?;
            let is_shown = *user_id != viewer.user_id
                && known.seen.0 != PresenceState::Unknown
                && !viewer.is_apart_from(*user_id, &known.hidden_from);
            is_shown.then_some((*user_id, known.seen))
        });
        let visible = visible.collect();
        state.members.insert(thread, members);
        visible
    }

    /// Somebody came into a thread that is followed, or left it.
    pub fn member(&self, thread: ThreadId, change: &MemberChange) {
        if let Some(members) = self.lock().members.get_mut(&thread) {
            match change.state {
                Membership::Joined => members.insert(change.user),
                Membership::Left => members.remove(&change.user),
            };
        }
    }

    /// How many belong to a thread that is followed.
    pub fn members_of(&self, thread: ThreadId) -> usize {
        self.lock().members.get(&thread).map_or(0, HashSet::len)
    }

    /// What must be written: changes, and the leases to renew when that is due.
    fn take_work(&self, now: DateTime<Utc>) -> Work {
        let mut state = self.lock();
        let is_due = state.renewed_at.is_none_or(|at| now - at >= RENEW_EVERY);
        if is_due {
            state.renewed_at = Some(now);
        }
        let changed = std::mem::take(&mut state.changed);
        let renewed = match is_due {
            true => state
                .open
                .keys()
                .filter(|connection| !changed.contains_key(*connection))
                .cloned()
                .collect(),
            false => Vec::new(),
        };
        Work { changed, renewed }
    }

    /// What could not be written is tried again, unless something newer came meanwhile.
    fn put_back(&self, work: Work) {
        let mut state = self.lock();
        state.renewed_at = None;
        for (connection, change) in work.changed {
            state.changed.entry(connection).or_insert(change);
        }
    }

    /// Everybody in the threads that are followed here; forgets the others.
    fn watched(&self, is_followed: impl Fn(ThreadId) -> bool) -> Vec<UserId> {
        let mut state = self.lock();
        state.members.retain(|thread, _| is_followed(*thread));
        let people: HashSet<UserId> = state.members.values().flatten().copied().collect();
        state.known.retain(|user_id, _| people.contains(user_id));
        people.into_iter().collect()
    }

    /// Keeps how somebody is, and gives the threads that must be told.
    fn learn(&self, user_id: UserId, known: Known) -> Vec<ThreadId> {
        let mut state = self.lock();
        match state.known.get_mut(&user_id) {
            Some(before) if before.seen == known.seen => {
                before.hidden_from = known.hidden_from;
                return Vec::new();
            }
            Some(before) if known.at - before.at < TELL_EVERY => return Vec::new(),
            Some(before) => *before = known,
            None => {
                let is_hidden = known.seen.0 == PresenceState::Unknown;
                state.known.insert(user_id, known);
                if is_hidden {
                    return Vec::new();
                }
            }
        }
        let threads = state.members.iter();
        let theirs = threads.filter(|(_, members)| members.contains(&user_id));
        theirs.map(|(thread, _)| *thread).collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Clone)]
struct Work {
    changed: HashMap<String, (UserId, Option<OwnPresence>)>,
    renewed: Vec<String>,
}

/// Writes and reads leases and tells what changed, until the application is dropped.
pub async fn watch(app: Weak<App>) {
    loop {
        let Some(app) = app.upgrade() else { return };
        if let Err(error) = look(&app).await {
            tracing::warn!(?error, "Could not look at who is here");
        }
        drop(app);
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn look(app: &App) -> QueryResult<()> {
    let now = app.clock.now();
    let work = app.presences.take_work(now);
    if !work.changed.is_empty() || !work.renewed.is_empty() {
        let again = work.clone();
        let written = app.db.write(move |conn| write(conn, &work, now)).await;
        if written.is_err() {
            app.presences.put_back(again);
        }
        written?;
    }
    let people = app.presences.watched(|thread| app.hub.is_followed(thread));
    if people.is_empty() {
        return Ok(());
    }
    let found = app
        .db
        .read(move |conn| -> QueryResult<_> {
            let mut found = Vec::new();
            for people in people.chunks(ASKED_AT_ONCE) {
                found.extend(read(conn, people, now)?);
            }
            Ok(found)
        })
        .await?;
    for (user_id, known) in found {
        let (seen, hidden_from) = (known.seen, Arc::clone(&known.hidden_from));
        let threads = app.presences.learn(user_id, known);
        if threads.is_empty() {
            continue;
        }
        let users = BTreeMap::from([(user_id, seen)]);
        let moment = Moment {
            by: user_id,
            hidden_from,
            text: wire::write(&[ServerFrame::Presence(Presence { users })]),
        };
        app.hub.tell_any(&threads, &Told::Moment(Arc::new(moment)));
    }
    Ok(())
}

fn write(conn: &mut Conn, work: &Work, now: DateTime<Utc>) -> QueryResult<()> {
    // In one order on every node, so that two transactions never wait for each other.
    let mut changed: Vec<_> = work.changed.iter().collect();
    changed.sort_unstable_by_key(|(connection, (user_id, _))| (*user_id, (*connection).clone()));
    for (connection, (user_id, presence)) in changed {
        let before = store::find_lease(conn, connection)?;
        let was_visible = before.is_some_and(|lease| lease.is_visible(now));
        let is_gone = matches!(presence, None | Some(OwnPresence::Invisible));
        if was_visible && is_gone {
            store::set_seen(conn, *user_id, now)?;
        }
        match presence {
            Some(presence) => store::put_lease(conn, connection, *user_id, *presence, now + LEASE)?,
            None => store::end_lease(conn, connection, now)?,
        }
    }
    for connections in work.renewed.chunks(ASKED_AT_ONCE) {
        store::renew(conn, connections, now + LEASE)?;
    }
    Ok(())
}

/// How these people are, as others may see it.
fn read(conn: &mut Conn, people: &[UserId], now: DateTime<Utc>) -> QueryResult<Vec<(UserId, Known)>> {
    let mut leases: HashMap<UserId, Vec<rules::Lease>> = HashMap::new();
    for lease in store::load_leases(conn, people)? {
        leases.entry(lease.user_id).or_default().push((&lease).into());
    }
    let last_seen: HashMap<UserId, DateTime<Utc>> = store::load_seen(conn, people)?.into_iter().collect();
    let settings: HashMap<UserId, _> = settings::store::load(conn, people)?
        .into_iter()
        .map(|row| (row.user_id, row))
        .collect();
    let mut hidden: HashMap<UserId, HashSet<UserId>> = HashMap::new();
    for (user_id, blocked) in settings::store::load_blocks(conn, people)? {
        hidden.entry(user_id).or_default().insert(blocked);
    }
    let known = people.iter().map(|user_id| {
        let leases = leases.remove(user_id).unwrap_or_default();
        let shows = settings.get(user_id);
        let seen = rules::seen(
            &leases,
            last_seen.get(user_id).copied(),
            shows.is_none_or(|row| row.shows_presence),
            shows.is_none_or(|row| row.shows_last_seen),
            now,
        );
        let known = Known {
            seen,
            at: now,
            hidden_from: Arc::new(hidden.remove(user_id).unwrap_or_default()),
        };
        (*user_id, known)
    });
    Ok(known.collect())
}
