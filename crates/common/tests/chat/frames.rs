//! Every frame as it stands on the wire: `chat_frames/{side}/{name}.json` is read, compared with the typed value,
//! written again and compared byte for byte. A frame, event or body without a file fails.

mod values;

use std::{collections::BTreeSet, fs, path::PathBuf};

use common::{
    chat::{
        BATCH_MAX, Body, Change, ClientFrame, Cursor, Event, ServerFrame, UserChange,
        client_frames::{AuthRefresh, Capability},
        events::ItemCreated,
        server_frames::{Nack, NackCode},
        wire,
    },
    ids::ClientMessageId,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use self::values::{CID, at, client_frames, events, items, server_frames};
pub use self::values::{cursor, id, seq};

/// Reads each file, compares, writes, compares; gives back what stands in the files.
fn compare<T>(side: &str, values: Vec<(&'static str, T)>) -> Vec<Value>
where
    T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug,
{
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/chat_frames")
        .join(side);
    let mut read = Vec::new();
    let mut names = BTreeSet::new();
    for (name, value) in values {
        let file = format!("{name}.json");
        let text = fs::read_to_string(folder.join(&file)).unwrap_or_else(|error| panic!("{side}/{file}: {error}"));
        let text = text.trim_end_matches('\n');
        assert_eq!(serde_json::from_str::<T>(text).unwrap(), value, "{side}/{file}");
        assert_eq!(serde_json::to_string(&value).unwrap(), text, "{side}/{file}");
        read.push(serde_json::from_str(text).unwrap());
        names.insert(file);
    }
    let files: BTreeSet<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(files, names, "each file stands in the table, and only once");
    read
}

fn texts_at<'a>(values: &'a [Value], pointer: &str) -> BTreeSet<&'a str> {
    values
        .iter()
        .filter_map(|value| value.pointer(pointer)?.as_str())
        .collect()
}

fn missing<'a>(expected: &[&'a str], found: &BTreeSet<&str>) -> Vec<&'a str> {
    expected.iter().copied().filter(|tag| !found.contains(tag)).collect()
}

#[test]
fn each_frame_of_the_client_stands_in_a_file() {
    let files = compare("client", client_frames());
    assert_eq!(missing(ClientFrame::TAGS, &texts_at(&files, "/t")), [""; 0]);
}

#[test]
fn each_frame_of_the_server_stands_in_a_file() {
    let files = compare("server", server_frames());
    assert_eq!(missing(ServerFrame::TAGS, &texts_at(&files, "/t")), [""; 0]);
    let kinds = texts_at(&files, "/k");
    assert_eq!(missing(Change::KINDS, &kinds), [""; 0]);
    assert_eq!(missing(UserChange::KINDS, &kinds), [""; 0]);
    let bodies = ["text", "pay_link", "invoice", "receipt", "tool_result"];
    assert_eq!(missing(&bodies, &texts_at(&files, "/d/body/type")), [""; 0]);
}

#[test]
fn each_item_stands_in_a_file() {
    compare("http", items());
}

/// A new body fails to compile here until it stands in the list of bodies above.
#[test]
fn each_body_names_its_file() {
    for (name, event) in events() {
        let Change::Created(ItemCreated { body, .. }) = event.change else {
            continue;
        };
        let expected = match body {
            Body::Text { .. } => "ev.item.created",
            Body::PayLink(_) => "ev.pay_link",
            Body::Invoice(_) => "ev.invoice",
            Body::Receipt(_) => "ev.receipt",
            Body::ToolResult(_) => "ev.tool_result",
            Body::Unknown => panic!("nobody sends an unknown body"),
        };
        assert!(name.starts_with(expected), "{name}");
    }
}

#[test]
fn the_reader_gives_what_the_files_hold() {
    for (name, frame) in client_frames() {
        let text = wire::write(std::slice::from_ref(&frame));
        assert_eq!(wire::read_client(&text).unwrap(), [Ok(frame)], "{name}");
    }
    let (names, frames): (Vec<_>, Vec<_>) = server_frames().into_iter().unzip();
    assert!(names.len() <= BATCH_MAX);
    let read = wire::read_server(&wire::write(&frames)).unwrap();
    assert_eq!(read.into_iter().map(Result::unwrap).collect::<Vec<_>>(), frames);
}

#[test]
fn fields_of_a_later_version_are_ignored() {
    for (name, frame) in client_frames() {
        let mut value = serde_json::to_value(&frame).unwrap();
        value["later"] = serde_json::json!({ "more": [1, 2] });
        assert_eq!(serde_json::from_value::<ClientFrame>(value).unwrap(), frame, "{name}");
    }
    for (name, frame) in server_frames() {
        let mut value = serde_json::to_value(&frame).unwrap();
        value["later"] = serde_json::json!(null);
        assert_eq!(serde_json::from_value::<ServerFrame>(value).unwrap(), frame, "{name}");
    }
}

#[test]
fn an_event_that_is_not_understood_keeps_its_place() {
    let known = serde_json::to_value(&events()[0].1).unwrap();
    for (kind, data) in [
        ("reaction", serde_json::json!({})),
        ("item.created", serde_json::json!({ "item": 7 })),
    ] {
        let mut value = known.clone();
        value["k"] = kind.into();
        value["d"] = data.clone();
        let event: Event = serde_json::from_value(value).unwrap();
        assert_eq!(event.seq, seq(502));
        let kind = kind.to_owned();
        assert_eq!(event.change, Change::Unknown { kind, data });
    }
    let mut card = known;
    card["d"]["body"] = serde_json::json!({ "type": "video", "url": "…" });
    let event: Event = serde_json::from_value(card).unwrap();
    let Change::Created(created) = event.change else {
        panic!("{event:?}");
    };
    assert_eq!(created.body, Body::Unknown);
}

#[test]
fn a_code_of_a_later_server_is_read_as_other() {
    let nack: Nack = serde_json::from_value(serde_json::json!({
        "cid": id::<ClientMessageId>(CID), "code": "full_moon", "retry": true
    }))
    .unwrap();
    assert_eq!(nack.code, NackCode::Other);
}

#[test]
fn a_hello_needs_only_its_version_and_names() {
    let hello: ClientFrame =
        serde_json::from_str(r#"{"t":"hello","v":1,"device":"d_1","tab":"a","caps":["batch","holograms"]}"#).unwrap();
    let ClientFrame::Hello(hello) = hello else { panic!() };
    assert_eq!(hello.caps, [Capability::Batch]);
    assert_eq!(hello.user_cursor, Cursor::default());
}

#[test]
fn times_have_milliseconds_at_most() {
    let mut item = items().remove(0).1;
    item.ts = at("2026-11-24T07:14:59.123456Z");
    assert_eq!(serde_json::to_value(item).unwrap()["ts"], "2026-11-24T07:14:59.123Z");
}

#[test]
fn tickets_are_not_printed() {
    let frame = ClientFrame::from(AuthRefresh { ticket: "hush".into() });
    assert!(!format!("{frame:?}").contains("hush"));
}
