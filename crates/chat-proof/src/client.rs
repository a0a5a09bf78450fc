//! A client as the browser's: the machine of `common::chat::client`, with a socket, a timer and a storage around it.
//!
//! The storage is memory that outlives every connection, as IndexedDB outlives a page.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use common::{
    API_BASE, Endpoint,
    chat::{
        Body, Change, ConnectionState, Cursor, Event, OpenSocket, SUBPROTOCOL, Seq, TICKET_PREFIX,
        client::{Effect, Input, Machine, Op, OutgoingState, Role},
        wire,
    },
    ids::{ClientMessageId, ItemId, ThreadId},
};
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::{
    net::TcpStream,
    sync::{mpsc, watch},
    time::sleep,
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use crate::world::{Outcome, Person};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// What a client is told from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    Listen,
    Write,
    /// Say nothing new; end when all is sent and the log is here up to its end.
    End(Arc<BTreeMap<ThreadId, u64>>),
}

/// What a client has when it ends.
#[derive(Debug)]
pub struct Remembered {
    pub number: usize,
    pub thread: ThreadId,
    /// What it wrote, in order.
    pub written: Vec<ClientMessageId>,
    /// What was acknowledged, with its place.
    pub acked: HashMap<ClientMessageId, u64>,
    /// Milliseconds from writing to acknowledgement.
    pub ack_ms: Vec<u64>,
    /// The messages that it shows, by their place.
    pub log: BTreeMap<u64, (ItemId, String)>,
    /// Events that the machine handed out twice or out of order; there must be none.
    pub disordered: Vec<String>,
    pub reconnects: u64,
    /// Longest time without a connection.
    pub longest_outage: Duration,
    pub is_settled: bool,
}

pub struct Client {
    base_url: String,
    person: Arc<Person>,
    machine: Machine,
    has: Remembered,
    socket: Option<(u64, mpsc::UnboundedSender<Message>)>,
    inputs: mpsc::UnboundedSender<Input>,
    wake_at: Option<u64>,
    /// Sent and not acknowledged.
    waiting: HashMap<ClientMessageId, Instant>,
    applied: u64,
    is_open: bool,
    down_since: Option<Instant>,
}

impl Client {
    /// Runs until an order to end is fulfilled, or the order's channel is gone.
    pub async fn run(
        number: usize,
        base_url: String,
        person: Arc<Person>,
        thread: ThreadId,
        pause: Duration,
        mut order: watch::Receiver<Order>,
    ) -> Remembered {
        let (inputs, mut happened) = mpsc::unbounded_channel();
        let user_id = person.user_id;
        let mut client = Self {
            machine: Machine::new(format!("d_{number}"), format!("tab{number}"), Role::Leader),
            base_url,
            person,
            has: Remembered {
                number,
                thread,
                written: Vec::new(),
                acked: HashMap::new(),
                ack_ms: Vec::new(),
                log: BTreeMap::new(),
                disordered: Vec::new(),
                reconnects: 0,
                longest_outage: Duration::ZERO,
                is_settled: false,
            },
            socket: None,
            inputs,
            wake_at: None,
            waiting: HashMap::new(),
            applied: 0,
            is_open: false,
            down_since: None,
        };
        client.tell(Input::SignedIn { user: user_id });
        client.tell(Input::Subscribe {
            thread,
            cursor: Cursor::default(),
        });
        // Not all at the same moment.
        let mut next = Instant::now() + pause.mul_f64(random());
        loop {
            let now = order.borrow().clone();
            if let Order::End(heads) = &now
                && client.waiting.is_empty()
                && heads.get(&thread).is_some_and(|head| client.applied >= *head)
            {
                client.has.is_settled = true;
                return client.has;
            }
            let wake = client
                .wake_at
                .map(|at| Duration::from_millis(at.saturating_sub(now_ms())));
            tokio::select! {
                input = happened.recv() => match input {
                    Some(input) => client.tell(input),
                    None => return client.has,
                },
                () = sleep(wake.unwrap_or(Duration::from_secs(3_600))), if wake.is_some() => client.tell(Input::Tick),
                () = sleep(next.saturating_duration_since(Instant::now())), if now == Order::Write => {
                    client.write();
                    next += pause;
                }
                changed = order.changed() => if changed.is_err() {
                    return client.has;
                },
            }
        }
    }

    fn write(&mut self) {
        let cid = new_cid();
        let words = format!("{} {}", self.has.number, self.has.written.len());
        self.has.written.push(cid);
        self.waiting.insert(cid, Instant::now());
        self.tell(Input::Compose {
            cid,
            thread: self.has.thread,
            op: Op::Send {
                reply_to: None,
                body: Body::text(words),
            },
        });
    }

    fn tell(&mut self, input: Input) {
        for effect in self.machine.handle(input, now_ms(), &mut random) {
            self.obey(effect);
        }
    }

    fn obey(&mut self, effect: Effect) {
        match effect {
            Effect::FetchTicket { generation } => {
                let (person, base_url, inputs) = (Arc::clone(&self.person), self.base_url.clone(), self.inputs.clone());
                tokio::task::spawn_local(async move {
                    let answer = match person.ticket(&base_url).await {
                        Ok(ticket) => Input::TicketGranted { generation, ticket },
                        Err(status) => Input::TicketRefused {
                            generation,
                            status,
                            retry_after_ms: None,
                        },
                    };
                    let _ = inputs.send(answer);
                });
            }
            Effect::Open { generation, ticket } => {
                let (out, waiting) = mpsc::unbounded_channel();
                self.socket = Some((generation, out));
                let (base_url, inputs) = (self.base_url.clone(), self.inputs.clone());
                tokio::task::spawn_local(async move {
                    let code = connect(generation, &base_url, &ticket, waiting, &inputs).await;
                    let _ = inputs.send(Input::Closed { generation, code });
                });
            }
            Effect::Close { generation } => {
                self.socket.take_if(|(open, _)| *open == generation);
            }
            Effect::Transmit { generation, frames } => {
                if let Some((_, out)) = self.socket.as_ref().filter(|(open, _)| *open == generation) {
                    let _ = out.send(Message::text(wire::write(&frames)));
                }
            }
            Effect::WakeAt(at) => self.wake_at = at,
            Effect::Persist { record, revision } => {
                let cid = record.cid;
                let _ = self.inputs.send(Input::Persisted { cid, revision });
            }
            Effect::Outgoing {
                cid,
                state: OutgoingState::Sent { seq, .. },
            } => {
                if let Some(since) = self.waiting.remove(&cid) {
                    self.has
                        .ack_ms
                        .push(u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX));
                }
                self.has.acked.insert(cid, seq.get());
            }
            Effect::Refused { cid, why } => self.has.disordered.push(format!("{cid} was refused: {why}")),
            Effect::Apply { event, .. } => self.apply(event),
            Effect::SaveCursor { cursor, .. } => self.applied = self.applied.max(cursor.seq.get()),
            Effect::Reload { thread, request, .. } => {
                let (person, base_url, inputs) = (Arc::clone(&self.person), self.base_url.clone(), self.inputs.clone());
                tokio::task::spawn_local(async move {
                    let reloaded = reload(&person, &base_url, thread).await;
                    let answer = match reloaded {
                        Ok(head) => Input::Reloaded { thread, request, head },
                        Err(_) => Input::ReloadFailed { thread, request },
                    };
                    let _ = inputs.send(answer);
                });
                self.has
                    .disordered
                    .push("a gap was too long to be filled by the socket".to_owned());
            }
            Effect::HealthChanged(health) => self.health_is(health.state),
            _ => {}
        }
    }

    fn apply(&mut self, event: Event) {
        let seq = event.seq.get();
        if seq != self.applied + 1 {
            let words = format!("client {} heard {seq} after {}", self.has.number, self.applied);
            self.has.disordered.push(words);
        }
        self.applied = seq;
        if let Change::Created(created) = event.change
            && let Body::Text { text } = created.body
        {
            self.has.log.insert(seq, (created.item, text));
        }
    }

    fn health_is(&mut self, state: ConnectionState) {
        let is_open = matches!(state, ConnectionState::Open | ConnectionState::Degraded);
        if is_open == self.is_open {
            return;
        }
        self.is_open = is_open;
        if !is_open {
            self.down_since = Some(Instant::now());
        } else if let Some(since) = self.down_since.take() {
            self.has.reconnects += 1;
            self.has.longest_outage = self.has.longest_outage.max(since.elapsed());
        }
    }
}

/// Carries one socket until it ends; gives the code that it was closed with.
async fn connect(
    generation: u64,
    base_url: &str,
    ticket: &str,
    mut waiting: mpsc::UnboundedReceiver<Message>,
    inputs: &mpsc::UnboundedSender<Input>,
) -> u16 {
    const NO_CODE: u16 = 1006;
    let Ok(mut socket) = handshake(base_url, ticket).await else {
        return NO_CODE;
    };
    let _ = inputs.send(Input::Opened { generation });
    loop {
        tokio::select! {
            heard = socket.next() => match heard {
                Some(Ok(Message::Text(text))) => {
                    for frame in wire::read_server(&text).into_iter().flatten() {
                        let _ = inputs.send(match frame {
                            Ok(frame) => Input::Received { generation, frame },
                            Err(_) => Input::ReceivedUnknown { generation },
                        });
                    }
                }
                Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return NO_CODE,
            },
            message = waiting.recv() => {
                let Some(message) = message else { return NO_CODE };
                if socket.send(message).await.is_err() {
                    return NO_CODE;
                }
            }
        }
    }
}

async fn handshake(base_url: &str, ticket: &str) -> Outcome<Socket> {
    let url = format!("{}{API_BASE}{}", base_url.replacen("http", "ws", 1), OpenSocket::PATH);
    let mut request = url.into_client_request()?;
    let headers = request.headers_mut();
    headers.insert(
        "Sec-WebSocket-Protocol",
        format!("{SUBPROTOCOL}, {TICKET_PREFIX}{ticket}").parse()?,
    );
    headers.insert("Origin", base_url.parse()?);
    Ok(connect_async(request).await?.0)
}

/// Where a thread ends.
async fn reload(person: &Person, base_url: &str, thread: ThreadId) -> Outcome<Seq> {
    let thread: Value = person.get(base_url, &format!("/chat/threads/{thread}")).await?;
    Ok(serde_json::from_value(thread["head"].clone())?)
}

pub fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

pub fn random() -> f64 {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    f64::from(u32::from_ne_bytes(bytes)) / f64::from(u32::MAX)
}

fn new_cid() -> ClientMessageId {
    server::clock::new_id(chrono::Utc::now())
}
