//! What one takes along and what one takes away: the export of one's own, and taking all of it back.

pub mod http;

use std::{collections::BTreeMap, sync::Arc};

use common::{
    chat::settings::HistoryDeleted,
    ids::{ItemId, ThreadId, UserId},
};
use futures_util::{Stream, stream};
use serde_json::{Value, json};

use super::{
    changes, service, settings,
    threads::store::{self, ItemRow, MemberRow, ThreadRow},
};
use crate::{
    app::App,
    db::{Conn, QueryResult},
    error::ApiError,
};

/// Items that are read or taken back at once.
const AT_ONCE: i64 = 200;

/// Takes back everything that the person wrote, thread by thread.
pub async fn delete(app: &App, user_id: UserId) -> Result<HistoryDeleted, ApiError> {
    let now = app.clock.now();
    let (mut items, mut after) = (0, None);
    loop {
        let rows = load_own(app, user_id, after).await?;
        let Some(last) = rows.last() else { break };
        after = Some(last.id);
        let mut by_thread: BTreeMap<ThreadId, Vec<ItemId>> = BTreeMap::new();
        for row in &rows {
            by_thread.entry(row.thread_id).or_default().push(row.id);
        }
        for (thread_id, ids) in by_thread {
            let take_back = move |conn: &mut Conn| -> QueryResult<_> {
                let mut events = Vec::new();
                for id in ids {
                    // Read again for each: the one before has moved the end of the log.
                    let Some(thread) = store::lock_thread(conn, thread_id)? else {
                        break;
                    };
                    events.extend(changes::take_back(conn, &thread, user_id, id, now)?);
                }
                Ok(events)
            };
            let events = app.db.write(take_back).await?;
            items += events.len() as u64;
            service::tell(app, events);
        }
    }
    Ok(HistoryDeleted { items })
}

async fn load_own(app: &App, user_id: UserId, after: Option<ItemId>) -> QueryResult<Vec<ItemRow>> {
    app.db
        .read(move |conn| store::load_own_items(conn, user_id, after, AT_ONCE))
        .await
}

/// Where the export is.
enum Step {
    Head,
    Items { after: Option<ItemId>, is_first: bool },
    Over,
}

/// The person's own data as one JSON object, in pieces.
pub fn export(app: Arc<App>, user_id: UserId) -> impl Stream<Item = Result<Vec<u8>, ApiError>> {
    stream::try_unfold(Step::Head, move |step| {
        let app = Arc::clone(&app);
        async move {
            match step {
                Step::Head => {
                    let head = head(&app, user_id).await?;
                    let next = Step::Items {
                        after: None,
                        is_first: true,
                    };
                    Ok(Some((head.into_bytes(), next)))
                }
                Step::Items { after, is_first } => {
                    let rows = load_own(&app, user_id, after).await?;
                    let Some(last) = rows.last() else {
                        return Ok(Some((b"]}".to_vec(), Step::Over)));
                    };
                    let next = Step::Items {
                        after: Some(last.id),
                        is_first: false,
                    };
                    let items: Vec<String> = rows.iter().map(|row| item(row).to_string()).collect();
                    let comma = if is_first { "" } else { "," };
                    Ok(Some((format!("{comma}{}", items.join(",")).into_bytes(), next)))
                }
                Step::Over => Ok(None),
            }
        }
    })
}

/// Everything but the items, up to where they begin.
async fn head(app: &App, user_id: UserId) -> QueryResult<String> {
    let read = move |conn: &mut Conn| -> QueryResult<_> {
        Ok((settings::find(conn, user_id)?, store::load_memberships(conn, user_id)?))
    };
    let (settings, memberships) = app.db.read(read).await?;
    let threads: Vec<Value> = memberships.iter().map(|(row, member)| thread(row, member)).collect();
    let (exported_at, threads) = (json!(app.clock.now()), json!(threads));
    let settings = json!(settings);
    Ok(format!(
        r#"{{"exported_at":{exported_at},"user_id":"{user_id}","settings":{settings},"threads":{threads},"items":["#
    ))
}

fn thread(row: &ThreadRow, member: &MemberRow) -> Value {
    json!({
        "id": row.id,
        "title": row.title,
        "placement": row.placement,
        "account_id": row.account_id,
        "joined_at": member.joined_at.and_utc(),
        "left_at": member.left_at.map(|at| at.and_utc()),
        "read": member.read_seq,
    })
}

fn item(row: &ItemRow) -> Value {
    let body: Option<Value> = row.body.as_deref().and_then(|body| serde_json::from_str(body).ok());
    json!({
        "id": row.id,
        "thread": row.thread_id,
        "seq": row.seq,
        "ts": row.at.and_utc(),
        "reply_to": row.reply_to,
        "status": row.status,
        "edited_at": row.edited_at.map(|at| at.and_utc()),
        "body": body,
    })
}
