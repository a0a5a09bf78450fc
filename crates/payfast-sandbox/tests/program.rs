//! The program itself: `sign` over every published vector, `serve` from start to stop.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Output, Stdio};

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_payfast-sandbox"));
    command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PAYFAST_")) {
        command.env_remove(name);
    }
    command
}

fn sign(lines: &str) -> Output {
    let mut child = program(&["sign"]).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let lines = lines.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    output
}

#[test]
fn signs_every_vector() {
    let file: Value = serde_json::from_str(include_str!("../../payfast/tests/vectors.json")).unwrap();
    let vectors = file["vectors"].as_array().unwrap();
    let line = |vector: &Value| {
        let mut line = json!({
            "kind": vector["kind"], "input": vector["input"], "passphrase": vector["passphrase"],
        });
        if let Some(body) = vector.get("raw_body") {
            line["raw_body"] = body.clone();
        }
        line.to_string() + "\n"
    };
    let output = sign(&vectors.iter().map(line).collect::<String>());
    assert!(output.status.success());
    let answers = String::from_utf8(output.stdout).unwrap();
    assert_eq!(answers.lines().count(), vectors.len());
    for (vector, answer) in vectors.iter().zip(answers.lines()) {
        let answer: Value = serde_json::from_str(answer).unwrap();
        assert_eq!(answer["param_string"], vector["param_string"], "{}", vector["id"]);
        assert_eq!(answer["signature"], vector["signature"], "{}", vector["id"]);
        let valid = if vector["kind"] == "itn" {
            vector.get("valid")
        } else {
            None
        };
        assert_eq!(answer.get("valid"), valid, "{}", vector["id"]);
    }
}

#[test]
fn a_line_that_cannot_be_signed_fails_after_the_others() {
    let output = sign("not json\n{\"kind\":\"api\",\"input\":[[\"a\",\"b\"]],\"passphrase\":null}\n");
    assert_eq!(output.status.code(), Some(1));
    let answers = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<Value> = answers
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(answers[0]["error"].is_string());
    assert_eq!(answers[1]["param_string"], "a=b");
}

#[test]
fn serves_until_it_is_told_to_end() {
    for signal in ["TERM", "INT"] {
        let mut child = program(&["serve", "--bind", "127.0.0.1:0", "--speed", "100"])
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let address = line
            .trim_end()
            .strip_prefix("payfast-sandbox listening on http://")
            .unwrap();
        let mut connection = std::net::TcpStream::connect(address).unwrap();
        write!(
            connection,
            "GET /log.json HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 200") && answer.ends_with(r#"{"items":[]}"#),
            "{answer}"
        );
        end(&mut child, signal);
        assert!(child.wait().unwrap().success(), "{signal}");
    }
}

fn end(child: &mut Child, signal: &str) {
    let sent = Command::new("kill")
        .args([format!("-{signal}"), child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
}

#[test]
fn refuses_wrong_settings_with_a_reason_and_without_secrets() {
    for (arguments, reason) in [
        (&["serve", "--speed", "0"][..], "must be a number above 0"),
        (
            &["serve", "--bind", "nowhere", "--passphrase", "s3cret"],
            "cannot serve on nowhere",
        ),
    ] {
        let output = program(arguments).output().unwrap();
        assert!(!output.status.success());
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(errors.contains(reason) && !errors.contains("s3cret"), "{errors}");
    }
    let help = program(&["serve", "--help"])
        .env("PAYFAST_PASSPHRASE", "s3cret")
        .output()
        .unwrap();
    assert!(!String::from_utf8(help.stdout).unwrap().contains("s3cret"));
}
