//! The person behind one socket: what they may read, what they let be seen, and their own stream.

use std::sync::Arc;

use common::{
    chat::{Cursor, UserChange, UserEvent, client_frames::OwnPresence, settings::ChatSettings},
    ids::UserId,
};

use super::{hub::Viewer, settings, threads::Reader, user_log};
use crate::{app::App, db::QueryResult};

pub struct Person {
    app: Arc<App>,
    pub reader: Reader,
    pub viewer: Viewer,
    settings: ChatSettings,
    presence: OwnPresence,
    /// Up to where the own stream was told.
    told: Cursor,
}

impl Person {
    pub async fn load(app: Arc<App>, reader: Reader) -> QueryResult<Self> {
        let settings = settings::load(&app, reader.user_id).await?;
        Ok(Self {
            app,
            reader,
            viewer: viewer(reader.user_id, &settings),
            settings,
            presence: OwnPresence::Online,
            told: Cursor::default(),
        })
    }

    pub fn user_id(&self) -> UserId {
        self.reader.user_id
    }

    /// Finds the end of the own stream, and what was missed since the cursor.
    pub async fn greet(&mut self, cursor: Cursor) -> QueryResult<(Cursor, Vec<UserEvent>)> {
        let (user_id, now) = (self.user_id(), self.app.clock.now());
        let head = self.app.db.read(move |conn| user_log::head(conn, user_id)).await?;
        let head = match head {
            Some(head) => head,
            None => {
                let begin = move |conn: &mut _| {
                    user_log::hold(conn, user_id, now)?;
                    user_log::head(conn, user_id)
                };
                self.app.db.write(begin).await?.unwrap_or_default()
            }
        };
        let end = head.clone();
        let missed = self
            .app
            .db
            .read(move |conn| user_log::after(conn, user_id, &cursor, &end))
            .await?;
        // Later ones are told when somebody wakes this socket.
        let missed: Vec<_> = missed.into_iter().filter(|event| event.seq <= head.seq).collect();
        self.told = head.clone();
        Ok((head, missed))
    }

    /// What happened since the last look, in order.
    pub async fn news(&mut self) -> QueryResult<Vec<UserEvent>> {
        let (user_id, told) = (self.user_id(), self.told.clone());
        let (head, events) = self
            .app
            .db
            .snapshot(move |conn| -> QueryResult<_> {
                let head = user_log::head(conn, user_id)?.unwrap_or_default();
                let events = user_log::after(conn, user_id, &told, &head)?;
                Ok((head, events))
            })
            .await?;
        self.told = head;
        if events
            .iter()
            .any(|event| matches!(event.change, UserChange::Settings(_)))
        {
            self.settings = settings::load(&self.app, user_id).await?;
            self.viewer = viewer(user_id, &self.settings);
        }
        Ok(events)
    }

    pub fn set_presence(&mut self, presence: OwnPresence) {
        self.presence = presence;
    }

    /// Whether others see that one types.
    pub fn shows_typing(&self) -> bool {
        self.settings.shows_typing && self.presence != OwnPresence::Invisible
    }

    /// Whether others see how far one has read.
    pub fn shows_reading(&self) -> bool {
        self.settings.shows_reading && self.presence != OwnPresence::Invisible
    }
}

fn viewer(user_id: UserId, settings: &ChatSettings) -> Viewer {
    Viewer {
        user_id,
        shows_reading: settings.shows_reading,
        blocked: Arc::new(settings.blocked.iter().copied().collect()),
    }
}
