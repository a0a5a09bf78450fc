//! The logs: events of a thread, and events of a person across threads.
//!
//! An event of a kind that this program does not know still has its place in the sequence, so it is read as
//! `Unknown` and never refused.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize, Serializer, ser::SerializeStruct};
use serde_json::Value;

use super::items::{Body, ItemStatus, Seq};
use crate::{
    ids::{ClientMessageId, InvoiceId, ItemId, PaymentId, ThreadId, UserId},
    invoices::InvoiceStatus,
    payments::PaymentStatus,
};

/// Defines the kinds of one log: `k` names the variant, `d` is its data.
macro_rules! changes {
    ($(#[$meta:meta])* pub enum $name:ident { $($variant:ident($data:ident) = $kind:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum $name {
            $($variant($data),)+
            /// A kind, or data of a kind, that this program is too old for.
            Unknown { kind: String, data: Value },
        }

        impl $name {
            /// Every known `k`.
            pub const KINDS: &'static [&'static str] = &[$($kind),+];

            /// What stands in `k`.
            pub fn kind(&self) -> &str {
                match self { $($name::$variant(_) => $kind,)+ $name::Unknown { kind, .. } => kind }
            }

            fn read(kind: String, data: Value) -> Self {
                match kind.as_str() {
                    $($kind => $data::deserialize(&data).ok().map($name::$variant),)+
                    _ => None,
                }
                .unwrap_or($name::Unknown { kind, data })
            }

            fn write_data<S: SerializeStruct>(&self, fields: &mut S) -> Result<(), S::Error> {
                match self {
                    $($name::$variant(data) => fields.serialize_field("d", data),)+
                    $name::Unknown { data, .. } => fields.serialize_field("d", data),
                }
            }
        }
    };
}

/// One event of a thread, as `ev` and `sync` carry it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub thread: ThreadId,
    pub seq: Seq,
    /// Position in the session's own stream; absent in `sync`.
    pub sseq: Option<u64>,
    /// Only the author is told.
    pub cid: Option<ClientMessageId>,
    /// Nobody for what the assistant or the system did.
    pub by: Option<UserId>,
    pub ts: DateTime<Utc>,
    pub change: Change,
}

changes! {
    /// What happened in a thread.
    pub enum Change {
        Created(ItemCreated) = "item.created",
        Edited(ItemEdited) = "item.edited",
        Deleted(ItemDeleted) = "item.deleted",
        Done(ItemDone) = "item.done",
        Read(ReadMark) = "read",
        Member(MemberChange) = "member",
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemCreated {
    pub item: ItemId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<ItemId>,
    /// `streaming` when deltas and an `item.done` follow.
    pub status: ItemStatus,
    pub body: Body,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemEdited {
    pub item: ItemId,
    pub body: Body,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemDeleted {
    pub item: ItemId,
}

/// The end of a stream, with everything that it said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemDone {
    pub item: ItemId,
    pub status: ItemStatus,
    pub body: Body,
    /// For people, when it did not end well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Somebody has read everything up to here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadMark {
    pub user: UserId,
    pub seq: Seq,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberChange {
    pub user: UserId,
    pub state: Membership,
}

crate::text_enum! {
    pub enum Membership {
        Joined = "joined",
        Left = "left",
    }
}

/// One event of a person's own stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserEvent {
    pub seq: Seq,
    pub change: UserChange,
}

changes! {
    /// What happened to a person, whatever thread is open.
    pub enum UserChange {
        Joined(ThreadJoined) = "joined",
        Left(ThreadLeft) = "left",
        Settings(SettingsChanged) = "settings",
        Purged(Purged) = "purged",
        Payment(PaymentChanged) = "payment",
        Invoice(InvoiceChanged) = "invoice",
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadJoined {
    pub thread: ThreadId,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadLeft {
    pub thread: ThreadId,
}

/// The settings are read anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingsChanged {}

/// Events up to and with `floor` are gone, and every copy of them must go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purged {
    pub thread: ThreadId,
    pub floor: Seq,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentChanged {
    pub payment_id: PaymentId,
    pub status: PaymentStatus,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceChanged {
    pub invoice_id: InvoiceId,
    pub status: InvoiceStatus,
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Event", 8)?;
        fields.serialize_field("thread", &self.thread)?;
        fields.serialize_field("seq", &self.seq)?;
        match self.sseq {
            Some(sseq) => fields.serialize_field("sseq", &sseq)?,
            None => fields.skip_field("sseq")?,
        }
        fields.serialize_field("k", self.change.kind())?;
        match self.cid {
            Some(cid) => fields.serialize_field("cid", &cid)?,
            None => fields.skip_field("cid")?,
        }
        fields.serialize_field("by", &self.by)?;
        fields.serialize_field("ts", &Millis(self.ts))?;
        self.change.write_data(&mut fields)?;
        fields.end()
    }
}

read_by_value!(Event);

impl Event {
    fn read(value: &Value) -> serde_json::Result<Self> {
        #[derive(Deserialize)]
        struct Fields {
            thread: ThreadId,
            seq: Seq,
            sseq: Option<u64>,
            k: String,
            cid: Option<ClientMessageId>,
            by: Option<UserId>,
            ts: Millis,
            #[serde(default)]
            d: Value,
        }
        let fields = Fields::deserialize(value)?;
        Ok(Event {
            thread: fields.thread,
            seq: fields.seq,
            sseq: fields.sseq,
            cid: fields.cid,
            by: fields.by,
            ts: fields.ts.0,
            change: Change::read(fields.k, fields.d),
        })
    }
}

impl Serialize for UserEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("UserEvent", 3)?;
        fields.serialize_field("seq", &self.seq)?;
        fields.serialize_field("k", self.change.kind())?;
        self.change.write_data(&mut fields)?;
        fields.end()
    }
}

read_by_value!(UserEvent);

impl UserEvent {
    fn read(value: &Value) -> serde_json::Result<Self> {
        #[derive(Deserialize)]
        struct Fields {
            seq: Seq,
            k: String,
            #[serde(default)]
            d: Value,
        }
        let fields = Fields::deserialize(value)?;
        Ok(UserEvent {
            seq: fields.seq,
            change: UserChange::read(fields.k, fields.d),
        })
    }
}

#[derive(Serialize, Deserialize)]
struct Millis(#[serde(with = "crate::instant::millis")] DateTime<Utc>);
