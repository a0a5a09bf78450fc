//! SIGTERM to the real program: what is under way is answered, nothing new is taken, and it ends.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use crate::support::{TestApp, db::TestDb, process::Process, raw};

async fn a_signal_ends_the_program_after_what_is_under_way(db: TestDb) {
    let app = TestApp::start(db).await;
    let mut process = Process::start(&app.db, app.payfast.base_url());
    let checks = actix_web::rt::task::spawn_blocking(move || {
        // A browser that is done keeps its connection open, which must not hold the program up.
        let mut idle = raw::connect(&process.base_url);
        write!(idle, "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        let mut first = [0; 12];
        idle.read_exact(&mut first).unwrap();
        assert_eq!(&first, b"HTTP/1.1 200");
        let body = "m_payment_id=1";
        let mut stream = raw::connect(&process.base_url);
        write!(
            stream,
            "POST /api/v1/payments/payfast/itn HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\n\r\n{}",
            body.len(),
            &body[..4]
        )
        .unwrap();
        // The handler reads the first half before the signal comes.
        std::thread::sleep(Duration::from_millis(500));
        process.terminate();
        std::thread::sleep(Duration::from_millis(500));
        let address = process.base_url.trim_start_matches("http://").to_owned();
        let late = TcpStream::connect(&address).map(|mut late| {
            late.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
            let _ = late.write_all(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n");
            let mut first = [0; 1];
            late.read(&mut first).unwrap_or(0)
        });
        assert!(
            matches!(late, Err(_) | Ok(0)),
            "a request after the signal was answered"
        );
        stream.write_all(&body.as_bytes()[4..]).unwrap();
        let answer = raw::read_to_end(&mut stream);
        assert_eq!(raw::status(&answer), "200", "{answer}");
        let status = process.wait(Duration::from_secs(10));
        assert_eq!(status.code(), Some(0), "{status}");
    });
    checks.await.unwrap();
    // What was answered is on the disk.
    let stored = app
        .app
        .db
        .read(|conn| server::payments::itn::store::count(conn, &Default::default(), 10));
    assert_eq!(stored.await.unwrap(), 1);
    app.stop().await;
}

#[actix_web::test]
async fn sqlite() {
    a_signal_ends_the_program_after_what_is_under_way(TestDb::sqlite().await).await;
}

#[actix_web::test]
async fn postgres() {
    a_signal_ends_the_program_after_what_is_under_way(TestDb::postgres().await).await;
}
