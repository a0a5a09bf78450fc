//! Requests byte by byte, where a client library would tidy them up.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use actix_web::rt::task::spawn_blocking;

/// Sends bytes and gives everything that comes back until the server closes, which it must within `READ_LIMIT`.
pub async fn ask(base_url: &str, request: impl Into<Vec<u8>>) -> String {
    let (base_url, request) = (base_url.to_owned(), request.into());
    spawn_blocking(move || {
        let mut stream = connect(&base_url);
        stream.write_all(&request).unwrap();
        read_to_end(&mut stream)
    })
    .await
    .unwrap()
}

/// A GET of a path as it stands.
pub async fn get(base_url: &str, path: &[u8]) -> String {
    let mut request = b"GET ".to_vec();
    request.extend_from_slice(path);
    request.extend_from_slice(b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    ask(base_url, request).await
}

const READ_LIMIT: Duration = Duration::from_secs(20);

pub fn connect(base_url: &str) -> TcpStream {
    let stream = TcpStream::connect(base_url.trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(READ_LIMIT)).unwrap();
    stream
}

/// What came until the end; a connection that is reset has ended too.
pub fn read_to_end(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    if let Err(error) = stream.read_to_end(&mut answer) {
        assert_ne!(
            error.kind(),
            std::io::ErrorKind::WouldBlock,
            "the server keeps the connection open"
        );
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// The status of an answer; empty when nothing came.
pub fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}
