//! The typed values of the files in `chat_frames`.

use chrono::{DateTime, Utc};
use common::{
    chat::{
        Body, Change, ClientFrame, Cursor, Event, Item, ItemStatus, Limits, Seq, ServerFrame, UserChange, UserEvent,
        client_frames::*,
        events::*,
        items::{InvoiceCard, PayLink, Receipt, Tool, ToolResult, ToolRow},
        server_frames::*,
    },
    ids::{ClientMessageId, Id, InvoiceId, ItemId, PaymentId, SocketSessionId, ThreadId, UserId},
    instant,
    invoices::InvoiceStatus,
    money::Money,
    payments::PaymentStatus,
    plans::ProductCode,
};
use serde_json::Value;

/// The id that ends with `number`.
pub fn id<T: Id>(number: u128) -> T {
    T::from_uuid(uuid::Uuid::from_u128(
        0x0192_9b7e_7c1c_7000_8000_0000_0000_0000 + number,
    ))
}

pub fn seq(seq: u64) -> Seq {
    Seq::try_from(seq).unwrap()
}

pub fn cursor(epoch: &str, at: u64) -> Cursor {
    Cursor {
        epoch: epoch.to_owned(),
        seq: seq(at),
    }
}

pub fn at(text: &str) -> DateTime<Utc> {
    instant::parse(text).unwrap()
}

const THREAD: u128 = 0xa;
const ITEM: u128 = 0x9;
const USER: u128 = 0x2;
pub const CID: u128 = 0xc;

pub fn client_frames() -> Vec<(&'static str, ClientFrame)> {
    let (thread, item, cid) = (id::<ThreadId>(THREAD), id::<ItemId>(ITEM), id::<ClientMessageId>(CID));
    let request = Some("3".to_owned());
    vec![
        (
            "hello",
            Hello {
                v: 1,
                device: "d_1".into(),
                tab: "a".into(),
                caps: vec![Capability::Batch, Capability::Stream],
                session: Some(id::<SocketSessionId>(0x5)),
                sseq: 1234,
                cursors: [(thread, cursor("e", 501))].into(),
                user_cursor: cursor("e", 77),
                streams: [(item, 42)].into(),
                presence: OwnPresence::Away,
            }
            .into(),
        ),
        (
            "hello_first",
            Hello {
                v: 1,
                device: "d_1".into(),
                tab: "a".into(),
                caps: vec![Capability::Lite],
                session: None,
                sseq: 0,
                cursors: [].into(),
                user_cursor: Cursor::default(),
                streams: [].into(),
                presence: OwnPresence::Online,
            }
            .into(),
        ),
        (
            "sub",
            Subscribe {
                id: request.clone(),
                threads: [(thread, Cursor::default())].into(),
            }
            .into(),
        ),
        (
            "unsub",
            Unsubscribe {
                id: request.clone(),
                threads: vec![thread],
            }
            .into(),
        ),
        (
            "send",
            SendMessage {
                cid,
                thread,
                lane: 7,
                reply_to: None,
                body: Body::text("Wanneer kom die krag terug? 🔌"),
                queued_at: at("2026-11-24T07:14:59.123Z"),
            }
            .into(),
        ),
        ("typing", SetTyping { thread, on: true }.into()),
        (
            "presence",
            SetPresence {
                state: OwnPresence::Away,
                idle_s: 301,
            }
            .into(),
        ),
        ("read", MarkRead { thread, seq: seq(501) }.into()),
        ("stream.cancel", CancelStream { item }.into()),
        (
            "fetch",
            Fetch {
                id: request,
                thread,
                after: seq(501),
                limit: 200,
            }
            .into(),
        ),
        (
            "edit",
            Edit {
                cid,
                item,
                body: Body::text("Wanneer?"),
            }
            .into(),
        ),
        ("delete", Delete { cid, item }.into()),
        ("auth.refresh", AuthRefresh { ticket: "t".into() }.into()),
        (
            "ping",
            Ping {
                n: 9,
                ct: 1_700_000_000_123,
            }
            .into(),
        ),
        ("pong", Pong { n: 4 }.into()),
        ("bye", Bye {}.into()),
    ]
}

fn event(change: Change) -> Event {
    Event {
        thread: id(THREAD),
        seq: seq(502),
        sseq: Some(1235),
        cid: None,
        by: Some(id(USER)),
        ts: at("2026-11-24T07:14:59.123Z"),
        change,
    }
}

fn created(body: Body) -> Event {
    Event {
        by: None,
        ..event(Change::Created(ItemCreated {
            item: id(ITEM),
            reply_to: None,
            status: ItemStatus::Done,
            body,
        }))
    }
}

pub fn events() -> Vec<(&'static str, Event)> {
    let item = id::<ItemId>(ITEM);
    vec![
        (
            "ev.item.created",
            Event {
                cid: Some(id(CID)),
                ..event(Change::Created(ItemCreated {
                    item,
                    reply_to: Some(id(0x8)),
                    status: ItemStatus::Done,
                    body: Body::text("Dankie"),
                }))
            },
        ),
        (
            "ev.item.edited",
            event(Change::Edited(ItemEdited {
                item,
                body: Body::text("Baie dankie"),
            })),
        ),
        ("ev.item.deleted", event(Change::Deleted(ItemDeleted { item }))),
        (
            "ev.item.done",
            Event {
                by: None,
                ..event(Change::Done(ItemDone {
                    item,
                    status: ItemStatus::Interrupted,
                    body: Body::text("all so far"),
                    reason: Some("the assistant was cut off".into()),
                }))
            },
        ),
        (
            "ev.read",
            event(Change::Read(ReadMark {
                user: id(USER),
                seq: seq(501),
            })),
        ),
        (
            "ev.member",
            event(Change::Member(MemberChange {
                user: id(USER),
                state: Membership::Joined,
            })),
        ),
        (
            "ev.unknown",
            event(Change::Unknown {
                kind: "reaction".into(),
                data: serde_json::json!({ "emoji": "👍" }),
            }),
        ),
        (
            "ev.pay_link",
            created(Body::PayLink(PayLink {
                title: "INV-000007".into(),
                amount: Money::zar(52_900),
                path: "/invoices/7".into(),
                invoice_id: Some(id::<InvoiceId>(0x7)),
                product_code: None,
            })),
        ),
        (
            "ev.pay_link_of_plan",
            created(Body::PayLink(PayLink {
                title: "Pro, monthly".into(),
                amount: Money::zar(52_900),
                path: "/checkout/PRO_MONTHLY".into(),
                invoice_id: None,
                product_code: Some(ProductCode::ProMonthly),
            })),
        ),
        (
            "ev.invoice",
            created(Body::Invoice(InvoiceCard {
                invoice_id: id(0x7),
                number: Some("INV-000007".into()),
                status: InvoiceStatus::Open,
                total: Money::zar(52_900),
                balance: Money::zar(52_900),
                due_at: Some(at("2026-12-01T00:00:00Z")),
            })),
        ),
        (
            "ev.receipt",
            created(Body::Receipt(Receipt {
                payment_id: id::<PaymentId>(0x6),
                invoice_id: Some(id(0x7)),
                description: "Pro, monthly".into(),
                amount: Money::zar(52_900),
                paid_at: at("2026-11-24T07:14:59Z"),
            })),
        ),
        (
            "ev.tool_result",
            created(Body::ToolResult(ToolResult {
                tool: Tool::MoneySummary,
                is_done: true,
                summary: "One invoice is open.".into(),
                rows: vec![ToolRow {
                    label: "INV-000007".into(),
                    value: "R529.00".into(),
                }],
            })),
        ),
    ]
}

fn user_events() -> Vec<(&'static str, UserEvent)> {
    let thread = id::<ThreadId>(THREAD);
    [
        ("uev.joined", UserChange::Joined(ThreadJoined { thread })),
        ("uev.left", UserChange::Left(ThreadLeft { thread })),
        ("uev.settings", UserChange::Settings(SettingsChanged {})),
        (
            "uev.purged",
            UserChange::Purged(Purged {
                thread,
                floor: seq(400),
            }),
        ),
        (
            "uev.payment",
            UserChange::Payment(PaymentChanged {
                payment_id: id(0x6),
                status: PaymentStatus::Succeeded,
            }),
        ),
        (
            "uev.invoice",
            UserChange::Invoice(InvoiceChanged {
                invoice_id: id(0x7),
                status: InvoiceStatus::Paid,
            }),
        ),
        (
            "uev.unknown",
            UserChange::Unknown {
                kind: "birthday".into(),
                data: Value::Null,
            },
        ),
    ]
    .map(|(name, change)| (name, UserEvent { seq: seq(81), change }))
    .into()
}

pub fn server_frames() -> Vec<(&'static str, ServerFrame)> {
    let (thread, item, cid) = (id::<ThreadId>(THREAD), id::<ItemId>(ITEM), id::<ClientMessageId>(CID));
    let ts = at("2026-11-24T07:14:59.123Z");
    let mut frames: Vec<(&'static str, ServerFrame)> = vec![
        (
            "welcome",
            Welcome {
                v: 1,
                session: id::<SocketSessionId>(0x5),
                conn: "c_1".into(),
                node: "n1".into(),
                resumed: true,
                ping_ms: 25_000,
                pong_ms: 8_000,
                limits: Limits::default(),
                st: 1_700_000_000_130,
                user_cursor: cursor("e", 80),
            }
            .into(),
        ),
        (
            "sync",
            Sync {
                thread,
                epoch: "e".into(),
                from: seq(502),
                to: seq(502),
                items: vec![Event {
                    sseq: None,
                    ..created(Body::text("Goeie môre"))
                }],
                more: false,
            }
            .into(),
        ),
        ("live", Live { thread, seq: seq(540) }.into()),
        (
            "gap",
            Gap {
                thread,
                epoch: "e2".into(),
                floor: seq(900),
                head: seq(1200),
                why: GapReason::Retention,
            }
            .into(),
        ),
        (
            "ack",
            Ack {
                cid,
                thread,
                seq: seq(503),
                item,
                ts,
                dup: false,
            }
            .into(),
        ),
        (
            "nack",
            Nack {
                cid,
                code: NackCode::RateLimited,
                retry: true,
                after_ms: Some(800),
            }
            .into(),
        ),
        (
            "nack_for_good",
            Nack {
                cid,
                code: NackCode::Blocked,
                retry: false,
                after_ms: None,
            }
            .into(),
        ),
        (
            "stream.delta",
            StreamDelta {
                thread,
                item,
                i: 43,
                s: " text".into(),
            }
            .into(),
        ),
        (
            "stream.snap",
            StreamSnap {
                item,
                i: 43,
                s: "all so far".into(),
            }
            .into(),
        ),
        (
            "typing",
            Typing {
                thread,
                user: id(USER),
                on: true,
                ttl_ms: 8_000,
            }
            .into(),
        ),
        (
            "presence",
            Presence {
                users: [
                    (id::<UserId>(USER), Seen(PresenceState::Away, Some(ts))),
                    (id(0x3), Seen(PresenceState::Unknown, None)),
                ]
                .into(),
            }
            .into(),
        ),
        (
            "ping",
            ServerPing {
                n: 4,
                st: 1_700_000_000_130,
            }
            .into(),
        ),
        (
            "pong",
            ServerPong {
                n: 9,
                ct: 1_700_000_000_123,
                st: 1_700_000_000_130,
            }
            .into(),
        ),
        (
            "error",
            FrameError {
                id: Some("3".into()),
                code: FrameErrorCode::Forbidden,
                msg: "this thread is not yours".into(),
                retry: false,
                after_ms: None,
            }
            .into(),
        ),
        (
            "reconnect",
            Reconnect {
                window_ms: 15_000,
                why: "drain".into(),
            }
            .into(),
        ),
    ];
    frames.extend(events().into_iter().map(|(name, event)| (name, event.into())));
    frames.extend(user_events().into_iter().map(|(name, event)| (name, event.into())));
    frames
}

/// What the lists of a thread hold, through HTTP.
pub fn items() -> Vec<(&'static str, Item)> {
    let item = Item {
        id: id(ITEM),
        seq: seq(503),
        cid: Some(id(CID)),
        by: Some(id(USER)),
        ts: at("2026-11-24T07:14:59.123Z"),
        reply_to: None,
        status: ItemStatus::Done,
        body: Some(Body::text("Dankie")),
        edited_at: None,
    };
    let deleted = Item {
        cid: None,
        by: None,
        status: ItemStatus::Deleted,
        body: None,
        edited_at: Some(item.ts),
        ..item.clone()
    };
    vec![("item", item), ("item_deleted", deleted)]
}
