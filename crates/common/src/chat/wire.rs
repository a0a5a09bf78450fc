//! Frames as text: one object, or an array of them.
//!
//! What cannot be read at all ends the socket; a frame that is unknown or wrong is refused alone.

use serde::Serialize;
use serde_json::Value;

use super::{
    ClientFrame, CloseReason, ServerFrame,
    limits::{BATCH_MAX, DEPTH_MAX, FRAME_MAX, SERVER_FRAME_MAX},
    server_frames::{FrameError, FrameErrorCode},
};

/// Why a text is no frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("larger than {0} bytes")]
    TooLarge(usize),
    #[error("more than {DEPTH_MAX} levels deep")]
    TooDeep,
    #[error("more than {BATCH_MAX} frames")]
    TooMany,
    #[error("neither an object nor an array of objects")]
    Malformed,
}

impl Unreadable {
    /// What the socket is closed with.
    pub fn close_reason(self) -> CloseReason {
        match self {
            Unreadable::TooLarge(_) => CloseReason::TooBig,
            Unreadable::TooDeep | Unreadable::TooMany | Unreadable::Malformed => CloseReason::Malformed,
        }
    }
}

/// The frames of one text, in order; each that is unknown or wrong is the error to answer with.
pub type Frames<F> = Vec<Result<F, FrameError>>;

/// Reads what a client sent.
///
/// ```
/// use common::chat::{server_frames::FrameErrorCode, wire};
/// let frames = wire::read_client(r#"[{"t":"bye"},{"t":"dance","id":"7"}]"#).unwrap();
/// assert!(frames[0].is_ok());
/// let refused = frames[1].as_ref().unwrap_err();
/// assert_eq!((refused.code, refused.id.as_deref()), (FrameErrorCode::Unsupported, Some("7")));
/// ```
pub fn read_client(text: &str) -> Result<Frames<ClientFrame>, Unreadable> {
    read(text, FRAME_MAX, ClientFrame::TAGS, ClientFrame::read)
}

/// Reads what the server sent.
pub fn read_server(text: &str) -> Result<Frames<ServerFrame>, Unreadable> {
    read(text, SERVER_FRAME_MAX, ServerFrame::TAGS, ServerFrame::read)
}

/// Writes one frame as an object, several as an array.
pub fn write<F: Serialize>(frames: &[F]) -> String {
    match frames {
        [frame] => serde_json::to_string(frame),
        frames => serde_json::to_string(frames),
    }
    .expect("frames hold only text, numbers and maps with text keys")
}

type ReadFrame<F> = fn(&Value) -> serde_json::Result<F>;

fn read<F>(text: &str, most_bytes: usize, tags: &[&str], read_frame: ReadFrame<F>) -> Result<Frames<F>, Unreadable> {
    if text.len() > most_bytes {
        return Err(Unreadable::TooLarge(most_bytes));
    }
    if depth(text) > DEPTH_MAX {
        return Err(Unreadable::TooDeep);
    }
    let values = match serde_json::from_str(text) {
        Ok(Value::Array(values)) if values.len() > BATCH_MAX => return Err(Unreadable::TooMany),
        Ok(Value::Array(values)) if values.iter().all(Value::is_object) => values,
        Ok(value @ Value::Object(_)) => vec![value],
        Ok(_) | Err(_) => return Err(Unreadable::Malformed),
    };
    Ok(values.iter().map(|value| read_one(value, tags, read_frame)).collect())
}

fn read_one<F>(value: &Value, tags: &[&str], read_frame: ReadFrame<F>) -> Result<F, FrameError> {
    let text_of = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let (tag, id) = (text_of("t").unwrap_or_default(), text_of("id"));
    let refusal = |code, msg| FrameError {
        id,
        code,
        msg,
        retry: false,
        after_ms: None,
    };
    if !tags.contains(&tag.as_str()) {
        let tag: String = tag.chars().take(32).collect();
        return Err(refusal(
            FrameErrorCode::Unsupported,
            format!("there is no frame `{tag}`"),
        ));
    }
    read_frame(value).map_err(|error| refusal(FrameErrorCode::Invalid, format!("`{tag}`: {error}")))
}

/// The deepest level of brackets, looked at before anything is parsed.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut in_string, mut is_escaped) = (false, false);
    for byte in text.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_string => is_escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_frame_ends_the_socket() {
        for text in [
            "",
            "no frame",
            "7",
            "\"bye\"",
            "[7]",
            "[[]]",
            r#"{"t":"bye""#,
            r#"[{"t":"bye"},7]"#,
        ] {
            assert_eq!(read_client(text), Err(Unreadable::Malformed), "{text}");
        }
        assert_eq!(Unreadable::Malformed.close_reason(), CloseReason::Malformed);
    }

    #[test]
    fn a_batch_holds_64_frames() {
        let bye = r#"{"t":"bye"}"#;
        let batch = |length: usize| format!("[{}]", vec![bye; length].join(","));
        assert_eq!(read_client(&batch(64)).unwrap().len(), 64);
        assert_eq!(read_client(&batch(65)), Err(Unreadable::TooMany));
        assert!(read_client("[]").unwrap().is_empty());
    }

    #[test]
    fn a_frame_is_16_levels_deep_at_most_and_brackets_in_texts_do_not_count() {
        let nested = |levels: usize| format!(r#"{{"t":"bye","x":{}{}}}"#, "[".repeat(levels), "]".repeat(levels));
        assert!(read_client(&nested(15)).unwrap()[0].is_ok());
        assert_eq!(read_client(&nested(16)), Err(Unreadable::TooDeep));
        let text = format!(r#"{{"t":"bye","x":"\"{}"}}"#, "[".repeat(99));
        assert!(read_client(&text).unwrap()[0].is_ok());
    }

    #[test]
    fn a_frame_has_64_kib_at_most() {
        let padded = |length: usize| {
            let empty = r#"{"t":"bye","x":""}"#;
            empty.replace(r#":"""#, &format!(r#":"{}""#, "x".repeat(length - empty.len())))
        };
        assert!(read_client(&padded(FRAME_MAX)).is_ok());
        let too_large = read_client(&padded(FRAME_MAX + 1)).unwrap_err();
        assert_eq!(too_large.close_reason(), CloseReason::TooBig);
        assert!(read_server(&padded(FRAME_MAX + 1)).is_ok(), "the server may send more");
    }

    #[test]
    fn a_known_frame_with_wrong_fields_is_invalid() {
        let frames = read_client(r#"{"t":"ping","n":-1,"ct":0,"id":"3"}"#).unwrap();
        let refused = frames[0].as_ref().unwrap_err();
        assert_eq!(
            (refused.code, refused.id.as_deref()),
            (FrameErrorCode::Invalid, Some("3"))
        );
    }

    #[test]
    fn a_sequence_that_javascript_cannot_hold_is_invalid() {
        let read = |seq: u64| {
            read_client(&format!(
                r#"{{"t":"read","thread":"01929b7e-7c1c-7000-8000-000000000001","seq":{seq}}}"#
            ))
            .unwrap()
            .remove(0)
        };
        assert!(read((1 << 53) - 1).is_ok());
        assert!(read(1 << 53).is_err());
    }
}
