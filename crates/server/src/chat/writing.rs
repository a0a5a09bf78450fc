//! What a person writes over the socket: frames in, batches of a lane in one transaction, and an answer to each.

use chrono::{DateTime, Utc};
use common::{
    chat::{
        ClientFrame, Event, ServerFrame,
        client_frames::{Delete, Edit, SendMessage},
        limits::SEND_BATCH_MAX,
        server_frames::{Ack, FrameError, Nack, NackCode},
        wire::Frames,
    },
    ids::{ClientMessageId, ItemId, ThreadId},
};

use super::{
    changes::{self, Deed, Wish},
    log::{self, Message, Refusal, Sent},
    settings,
    threads::{self, Reader},
};
use crate::{
    clock,
    db::{Conn, QueryResult},
    error::ApiError,
};

/// Sending it again helps after this time, when the database does not answer.
const AGAIN_MS: u64 = 1_000;

/// What is answered by an `ack` or a `nack`.
#[derive(Debug, Clone, PartialEq)]
pub enum Writing {
    Send(SendMessage),
    Edit(Edit),
    Delete(Delete),
}

/// A lane of the client, and the thread that it carries.
pub type Lane = (u8, ThreadId);

impl Writing {
    fn cid(&self) -> ClientMessageId {
        match self {
            Writing::Send(send) => send.cid,
            Writing::Edit(edit) => edit.cid,
            Writing::Delete(delete) => delete.cid,
        }
    }

    /// Changes of items name no lane; they go with what stands before them.
    fn lane(&self) -> Option<Lane> {
        match self {
            Writing::Send(send) => Some((send.lane, send.thread)),
            Writing::Edit(_) | Writing::Delete(_) => None,
        }
    }
}

/// What is done at once; each costs one token of its socket.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    Refused(FrameError),
    Obey(ClientFrame),
    Write(Batch),
}

/// Writings of one lane, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    pub lane: Option<Lane>,
    pub writings: Vec<Writing>,
}

/// Puts writings of one lane that follow one another together.
pub fn steps(frames: Frames<ClientFrame>) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for frame in frames {
        let writing = match frame {
            Ok(ClientFrame::Send(send)) => Writing::Send(send),
            Ok(ClientFrame::Edit(edit)) => Writing::Edit(edit),
            Ok(ClientFrame::Delete(delete)) => Writing::Delete(delete),
            Ok(frame) => {
                steps.push(Step::Obey(frame));
                continue;
            }
            Err(refused) => {
                steps.push(Step::Refused(refused));
                continue;
            }
        };
        match steps.last_mut() {
            Some(Step::Write(batch)) if batch.takes(&writing) => {
                batch.lane = batch.lane.or(writing.lane());
                batch.writings.push(writing);
            }
            _ => steps.push(Step::Write(Batch {
                lane: writing.lane(),
                writings: vec![writing],
            })),
        }
    }
    steps
}

impl Batch {
    fn takes(&self, writing: &Writing) -> bool {
        let is_same_lane = match (self.lane, writing.lane()) {
            (Some(one), Some(other)) => one == other,
            (None, _) | (_, None) => true,
        };
        is_same_lane && self.writings.len() < SEND_BATCH_MAX
    }

    /// The thread that it writes into; nothing when it changes items only.
    pub fn thread(&self) -> Option<ThreadId> {
        self.lane.map(|(_, thread)| thread)
    }

    /// Refuses all of it; `after_ms` says when it may be sent again.
    pub fn refuse(&self, code: NackCode, after_ms: Option<u64>) -> Vec<ServerFrame> {
        let cids = self.writings.iter().map(Writing::cid);
        cids.map(|cid| nack(cid, code, after_ms)).collect()
    }
}

/// What the others are told, and what the writer is answered.
pub struct Written {
    pub events: Vec<Event>,
    pub answers: Vec<ServerFrame>,
    /// Nothing was written, though it may be another time.
    pub is_halted: bool,
}

impl Written {
    /// Nothing of it was written, and it may be sent again.
    pub fn unavailable(batch: &Batch) -> Self {
        Self {
            events: Vec::new(),
            answers: batch.refuse(NackCode::Unavailable, Some(AGAIN_MS)),
            is_halted: true,
        }
    }
}

/// Writes the batch in a transaction of the caller's: what is told after its commit, and the answers.
pub fn write_batch(
    conn: &mut Conn,
    reader: Reader,
    batch: Batch,
    now: DateTime<Utc>,
) -> Result<(Vec<Event>, Vec<ServerFrame>), ApiError> {
    let (mut events, mut answers) = (Vec::new(), Vec::new());
    for writing in batch.writings {
        let cid = writing.cid();
        answers.push(match write_one(conn, reader, writing, &mut events, now)? {
            Ok(sent) => {
                let answer = ack(cid, &sent);
                events.extend(sent.event);
                answer
            }
            Err(refusal) => nack(cid, code_of(refusal), None),
        });
    }
    Ok((events, answers))
}

fn write_one(
    conn: &mut Conn,
    reader: Reader,
    writing: Writing,
    events: &mut Vec<Event>,
    now: DateTime<Utc>,
) -> Result<Result<Sent, Refusal>, ApiError> {
    let (cid, author_id) = (writing.cid(), reader.user_id);
    let (item_id, deed) = match writing {
        Writing::Send(send) => {
            let message = Message {
                thread_id: send.thread,
                sender_id: author_id,
                cid,
                reply_to: send.reply_to,
                body: send.body,
            };
            return send_one(conn, reader, &message, events, now);
        }
        Writing::Edit(edit) => (edit.item, Deed::Edit(edit.body)),
        Writing::Delete(delete) => (delete.item, Deed::Delete),
    };
    let wish = Wish {
        author_id,
        cid,
        item_id,
        deed,
    };
    Ok(changes::change(conn, &wish, now)?)
}

/// Whoever of the staff answers joins first.
fn send_one(
    conn: &mut Conn,
    reader: Reader,
    message: &Message,
    events: &mut Vec<Event>,
    now: DateTime<Utc>,
) -> Result<Result<Sent, Refusal>, ApiError> {
    if let Err(refusal) = log::check_body(&message.body) {
        return Ok(Err(refusal));
    }
    if reader.is_staff {
        // Whoever may not speak does not come in.
        if settings::is_shut_out(conn, message.thread_id, reader.user_id)? {
            return Ok(known_or_blocked(conn, message)?);
        }
        events.extend(threads::join_as_staff(conn, message.thread_id, reader, now)?);
    }
    Ok(log::send(conn, message, clock::new_id::<ItemId>(now), now)?)
}

/// What was written before the others had enough stays written.
fn known_or_blocked(conn: &mut Conn, message: &Message) -> QueryResult<Result<Sent, Refusal>> {
    match threads::store::find_send(conn, message.sender_id, message.cid)? {
        Some(known) => Ok(log::found(&known, message.thread_id, log::CREATED)),
        None => Ok(Err(Refusal::Blocked)),
    }
}

fn ack(cid: ClientMessageId, sent: &Sent) -> ServerFrame {
    ServerFrame::Ack(Ack {
        cid,
        thread: sent.thread_id,
        seq: sent.seq,
        item: sent.item_id,
        ts: sent.at,
        dup: sent.event.is_none(),
    })
}

fn nack(cid: ClientMessageId, code: NackCode, after_ms: Option<u64>) -> ServerFrame {
    ServerFrame::Nack(Nack {
        cid,
        code,
        retry: after_ms.is_some(),
        after_ms,
    })
}

fn code_of(refusal: Refusal) -> NackCode {
    match refusal {
        Refusal::Forbidden => NackCode::Forbidden,
        Refusal::Blocked => NackCode::Blocked,
        Refusal::TooLarge => NackCode::TooLarge,
        Refusal::Invalid => NackCode::Invalid,
    }
}

#[cfg(test)]
mod tests {
    use common::chat::wire;
    use serde_json::{Value, json};

    use super::*;

    fn id(number: usize) -> String {
        format!("01929b7e-7c1c-7000-8000-{number:012}")
    }

    fn send(number: usize, lane: u8, thread: usize) -> Value {
        json!({
            "t": "send", "cid": id(number), "thread": id(thread), "lane": lane,
            "body": { "type": "text", "text": "a" }, "queued_at": "2026-11-24T07:14:00.000Z",
        })
    }

    fn sizes(frames: &[Value]) -> Vec<usize> {
        let steps = steps(wire::read_client(&json!(frames).to_string()).unwrap());
        let sizes = steps.iter().map(|step| match step {
            Step::Write(batch) => batch.writings.len(),
            Step::Obey(_) | Step::Refused(_) => 0,
        });
        sizes.collect()
    }

    #[test]
    fn writings_of_one_lane_go_together() {
        let delete = json!({ "t": "delete", "cid": id(7), "item": id(8) });
        let ping = json!({ "t": "ping", "n": 1, "ct": 1 });
        assert_eq!(sizes(&[send(1, 0, 1), delete.clone(), send(2, 0, 1)]), [3]);
        assert_eq!(
            sizes(&[send(1, 0, 1), send(2, 1, 2), delete.clone(), send(3, 1, 2)]),
            [1, 3]
        );
        assert_eq!(
            sizes(&[send(1, 0, 1), ping, send(2, 0, 1), json!({ "t": "dance" })]),
            [1, 0, 1, 0]
        );
        assert_eq!(
            sizes(&[send(1, 0, 1), send(2, 0, 2)]),
            [1, 1],
            "a lane carries one thread"
        );
        let many: Vec<Value> = (0..40).map(|number| send(number, 3, 1)).collect();
        assert_eq!(sizes(&many), [32, 8]);
    }
}
