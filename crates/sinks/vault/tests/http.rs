//! Recordings behind HTTP, from a small server that says what each path answers.

mod common;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use common::{NOON, pending, tone, vault_in, wav};
use model::facts::RecordingState;
use vault::{FailureKind, HttpSource, Source, Terms, VaultError};

type Answers = BTreeMap<&'static str, Vec<u8>>;

/// A server of fixed answers; gives its address and the request heads that it saw.
fn server(answers: Answers) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/rec", listener.local_addr().unwrap());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = String::new();
            for line in BufReader::new(&stream).lines().map_while(Result::ok).take_while(|l| !l.is_empty()) {
                head.push_str(&line);
                head.push('\n');
            }
            let path = head.split_whitespace().nth(1).unwrap_or_default().to_owned();
            log.lock().unwrap().push(head);
            let none = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec();
            let _ = stream.write_all(answers.get(path.as_str()).unwrap_or(&none));
        }
    });
    (base, seen)
}

fn answer(status: &str, more: &str, stated: usize, body: &[u8]) -> Vec<u8> {
    let mut whole =
        format!("HTTP/1.1 {status}\r\n{more}Content-Length: {stated}\r\nConnection: close\r\n\r\n").into_bytes();
    whole.extend(body);
    whole
}

async fn store(base: &str, path: &str, terms: Terms) -> Result<model::acts::RecordingOutcome, VaultError> {
    let dir = tempfile::tempdir().unwrap();
    let headers = [("Authorization".to_owned(), "Bearer s3cr3t".to_owned())];
    let source = Source::Http(HttpSource::new(base, &headers).unwrap());
    assert!(!format!("{source:?}").contains("s3cr3t"));
    vault_in(dir.path()).store(&pending("r", "c", path), 1, &source, &terms).await
}

#[tokio::test]
async fn the_longest_tail_that_is_there_is_fetched_with_the_token() {
    let bytes = wav(&tone(8000));
    let ok = answer("200 OK", "", bytes.len(), &bytes);
    let (base, seen) = server(BTreeMap::from([("/rec/2026/a%20b.wav", ok)]));
    let outcome = store(&base, "/monitor/2026/a b.wav", Terms::import(NOON)).await.unwrap();
    assert_eq!((outcome.state, outcome.duration_ms), (RecordingState::Recorded, Some(1000)));
    let seen = seen.lock().unwrap();
    let paths: Vec<_> = seen.iter().filter_map(|h| h.split_whitespace().nth(1)).collect();
    assert_eq!(paths, ["/rec/monitor/2026/a%20b.wav", "/rec/2026/a%20b.wav"]);
    assert!(seen.iter().all(|h| h.to_lowercase().contains("authorization: bearer s3cr3t")));
}

#[tokio::test]
async fn each_answer_says_what_to_do() {
    let bytes = wav(&tone(800));
    let fresh = "Last-Modified: Sun, 22 Nov 2026 09:59:59 GMT\r\n";
    let (base, _) = server(BTreeMap::from([
        ("/rec/denied.wav", answer("403 Forbidden", "", 0, b"")),
        ("/rec/busy.wav", answer("503 Service Unavailable", "", 0, b"")),
        ("/rec/moved.wav", answer("302 Found", "Location: http://127.0.0.1:1/x\r\n", 0, b"")),
        ("/rec/cut.wav", answer("200 OK", "", bytes.len(), &bytes[..900])),
        ("/rec/fresh.wav", answer("200 OK", fresh, bytes.len(), &bytes)),
    ]));
    let cases = [
        ("denied.wav", FailureKind::Setup),
        ("busy.wav", FailureKind::Transient),
        ("moved.wav", FailureKind::Setup),
        ("cut.wav", FailureKind::Transient),
        ("fresh.wav", FailureKind::NotYet),
        ("absent.wav", FailureKind::NotYet),
        ("../up.wav", FailureKind::Refused),
    ];
    for (path, kind) in cases {
        let error = store(&base, path, Terms::live(NOON)).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{path}: {error}");
        assert!(error.to_string().contains(path.trim_start_matches("../")), "{path}: {error}");
        assert!(!format!("{error} {error:?}").contains("s3cr3t"), "{error:?}");
    }
    assert_eq!(store(&base, "fresh.wav", Terms::import(NOON)).await.unwrap().state, RecordingState::Recorded);
}

#[test]
fn addresses_with_keys_in_them_are_refused_without_being_told() {
    let error = HttpSource::new("https://me:s3cr3t@host/rec", &[]).unwrap_err();
    assert!(!error.to_string().contains("s3cr3t"), "{error}");
    assert_eq!(error.kind(), FailureKind::Setup);
    assert!(HttpSource::new("ftp://host/rec", &[]).is_err());
    assert!(HttpSource::new("http://host", &[("X".into(), "a\nb".into())]).is_err());
}
