//! A live manager interface: log-in, everything it says, breaks, silence, TLS.

mod support;
#[path = "support/switch.rs"]
mod switch;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use collectors::ami::{AmiConfig, AmiError, Timing, TlsConfig, Watch, check, run_with};
use dialects::{Framed, Framer};
use event_log::EventLog;
use model::{Act, Dialect, Envelope, Instant};
use serde_json::Value;
use support::{acts, capture, frame, letters, live_feed, log, of, until};
use switch::{SECRET, Scene, Switch, Then};
use tokio::io::AsyncWriteExt;
use tokio_util::sync::CancellationToken;

const QUICK: Timing = Timing {
    patience: Duration::from_secs(5),
    flush_every: Duration::from_millis(20),
    silence: Duration::from_secs(20),
    first_pause: Duration::from_millis(20),
    longest_pause: Duration::from_millis(200),
};

fn config(port: u16) -> AmiConfig {
    let (username, secret) = ("ringledger".to_owned(), SECRET.to_owned());
    AmiConfig { host: "127.0.0.1".to_owned(), port, tls: None, username, secret }
}

#[derive(Default)]
struct Seen(Mutex<Vec<String>>);

impl Watch for Seen {
    fn connected(&self) {
        self.0.lock().unwrap().push("connected".to_owned());
    }

    fn lost(&self, why: &str) {
        self.0.lock().unwrap().push(why.to_owned());
    }

    fn appended(&self, _events: u64) {}
}

/// The clock of the machine, as the program uses it.
fn clock() -> Instant {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock");
    Instant(i64::try_from(since.as_micros()).expect("a time"))
}

struct Session {
    stop: CancellationToken,
    seen: Arc<Seen>,
    task: tokio::task::JoinHandle<Result<(), event_log::LogError>>,
}

impl Session {
    async fn start(log: &Arc<dyn EventLog>, config: AmiConfig, timing: Timing) -> Self {
        let feed = live_feed(log, Dialect::AsteriskAmi).await;
        let (stop, seen) = (CancellationToken::new(), Arc::new(Seen::default()));
        let (token, watch) = (stop.clone(), seen.clone());
        let task = tokio::spawn(async move {
            let framer = || Box::new(dialects::ami::AmiFramer::new()) as Box<dyn Framer>;
            run_with(timing, &config, feed, &framer, &clock, watch, token).await
        });
        Self { stop, seen, task }
    }

    async fn end(self) -> Vec<String> {
        self.stop.cancel();
        self.task.await.expect("no panic").expect("a log");
        std::mem::take(&mut *self.seen.0.lock().unwrap())
    }
}

/// Two stretches of the capture, each beginning and ending with a whole message.
fn stretches() -> (Vec<u8>, Vec<u8>) {
    let bytes = capture("ami-calls.raw.gz");
    let framed = frame(&Dialect::AsteriskAmi, &bytes);
    let at = |n: usize| usize::try_from(framed[n].offset).expect("an offset");
    (bytes[at(1)..at(600)].to_vec(), bytes[at(600)..at(1200)].to_vec())
}

/// What the switch said of itself, answers to us left out: its messages without keys.
fn messages<'a>(data: impl Iterator<Item = Value> + 'a) -> Vec<Value> {
    let ours = |v: &Value| v["ActionID"].as_str().is_some_and(|id| id.starts_with("ringledger-"));
    let keyless = |mut v: Value| {
        if let Some(object) = v.as_object_mut() {
            object.remove("Digit");
        }
        v
    };
    data.filter(|v| !ours(v) && v["Response"] != "Goodbye").map(keyless).collect()
}

fn said(framed: Vec<Framed>) -> Vec<Value> {
    messages(framed.into_iter().filter_map(|f| f.record.ok()).map(|r| Value::Object(r.data)))
}

fn logged(events: &[Envelope]) -> Vec<Value> {
    messages(events.iter().map(|e| serde_json::from_slice(&e.data).expect("JSON")))
}

async fn count(log: &Arc<dyn EventLog>) -> usize {
    logged(&of(&**log, Dialect::AsteriskAmi).await).len()
}

#[tokio::test]
async fn everything_said_is_logged_in_order_however_it_is_cut() {
    let (all, _) = stretches();
    let messages = frame(&Dialect::AsteriskAmi, &all);
    for (cut, most) in [(1_usize, 40), (7, 500), (1_000, 598), (1 << 20, 598)] {
        let bytes = all[..usize::try_from(messages[most].offset).expect("an offset")].to_vec();
        let whole = said(messages[..most].to_vec());
        let (_dir, log) = log().await;
        let switch = Switch::start(vec![Scene { bytes, cut, then: Then::Stay }], None).await;
        let session = Session::start(&log, config(switch.port), QUICK).await;
        until("all messages", async || count(&log).await >= whole.len()).await;
        assert_eq!(session.end().await, ["connected"]);
        let events = of(&*log, Dialect::AsteriskAmi).await;
        assert!(logged(&events) == whole, "cut into {cut}");
        assert!(events.windows(2).all(|w| w[0].sequence + 1 == w[1].sequence));
        assert!(acts(&*log).await.is_empty(), "a first connection is no gap");
        let heard = switch.heard();
        for action in ["Action: QueueStatus", "Action: CoreShowChannels", "Action: Logoff"] {
            assert!(heard.contains(action), "{action} in {heard}");
        }
    }
}

#[tokio::test]
async fn events_are_appended_soon_although_more_keep_coming() {
    let (bytes, _) = stretches();
    let (_dir, log) = log().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        let (mut tcp, _) = listener.accept().await.expect("a client");
        let ok = b"Asterisk Call Manager/11.0.0\r\nResponse: Success\r\nActionID: ringledger-login\r\n\r\n";
        tcp.write_all(ok).await.expect("written");
        // A trickle without a pause as long as events may wait.
        for part in bytes.chunks(200) {
            tcp.write_all(part).await.expect("written");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    let timing = Timing { flush_every: Duration::from_millis(100), ..QUICK };
    let session = Session::start(&log, config(port), timing).await;
    until("some events", async || count(&log).await > 5).await;
    let early = count(&log).await;
    assert!(early > 5 && early < 590, "{early} events while it still speaks");
    session.end().await;
}

#[tokio::test]
async fn a_wrong_password_says_which_switch_and_what_to_do_and_never_the_secret() {
    let switch = Switch::start(vec![Scene { bytes: Vec::new(), cut: 1, then: Then::Stay }], None).await;
    check(&config(switch.port)).await.expect("the right secret is taken");
    let wrong = AmiConfig { secret: "wr0ng-guess".to_owned(), ..config(switch.port) };
    let error = check(&wrong).await.expect_err("a wrong secret");
    assert!(matches!(error, AmiError::Refused(..)), "{error}");
    let text = error.to_string();
    for part in [&format!("127.0.0.1:{}", switch.port), "'ringledger'", "Authentication failed", "manager.conf"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!text.contains("wr0ng-guess") && !format!("{error:?}").contains("wr0ng-guess"));
    let (_dir, log) = log().await;
    let session = Session::start(&log, wrong, QUICK).await;
    until("two tries", async || session.seen.0.lock().unwrap().len() >= 2).await;
    assert!(session.end().await.iter().all(|why| why.contains("refuses user 'ringledger'")));
}

#[tokio::test]
async fn a_restarted_switch_is_taken_up_again_and_the_gap_is_recorded() {
    let (one, two) = stretches();
    let expected = [said(frame(&Dialect::AsteriskAmi, &one)), said(frame(&Dialect::AsteriskAmi, &two))].concat();
    let (_dir, log) = log().await;
    let mut torn = one.clone();
    torn.extend_from_slice(b"Event: Newchannel\r\nChannel: PJS");
    let scenes = vec![
        Scene { bytes: torn, cut: 999, then: Then::Close },
        Scene { bytes: two.clone(), cut: 999, then: Then::Close },
        Scene { bytes: Vec::new(), cut: 1, then: Then::Stay },
    ];
    let switch = Switch::start(scenes, None).await;
    let before = clock();
    let session = Session::start(&log, config(switch.port), QUICK).await;
    until("both connections", async || count(&log).await >= expected.len() && acts(&*log).await.len() >= 2).await;
    let seen = session.end().await;
    assert_eq!(seen[..3], ["connected", "the switch closed the connection", "connected"]);
    let events = of(&*log, Dialect::AsteriskAmi).await;
    assert!(logged(&events) == expected);
    let ids: std::collections::HashSet<_> = events.iter().map(|e| &e.id).collect();
    assert_eq!(ids.len(), events.len(), "the same answer at the same place of two connections is two events");
    for act in acts(&*log).await {
        let Act::SourceGap { dialect, from, to } = act else { panic!("{act:?}") };
        assert!(dialect == "asterisk.ami" && before <= from && from < to && to <= clock(), "{from} {to}");
    }
    let letters = letters(&*log).await;
    assert_eq!(letters.len(), 1, "the message that was cut off is kept: {letters:?}");
    assert!(letters[0].bytes.starts_with(b"Event: Newchannel"));

    // A new process: the gap reaches back to the last event in the log.
    let last = of(&*log, Dialect::AsteriskAmi).await.last().expect("an event").received;
    let session = Session::start(&log, config(switch.port), QUICK).await;
    until("a third gap", async || acts(&*log).await.len() >= 3).await;
    session.end().await;
    assert!(matches!(acts(&*log).await[2], Act::SourceGap { from, .. } if from == last));
    let events = of(&*log, Dialect::AsteriskAmi).await;
    let ids: std::collections::HashSet<_> = events.iter().map(|e| &e.id).collect();
    assert_eq!(ids.len(), events.len());
    assert!(events.windows(2).all(|w| w[0].sequence < w[1].sequence && w[0].epoch <= w[1].epoch));
}

#[tokio::test]
async fn a_silent_switch_is_pinged_and_then_given_up() {
    let (bytes, _) = stretches();
    let (_dir, log) = log().await;
    let scenes = vec![
        Scene { bytes: bytes.clone(), cut: 4096, then: Then::FallSilent },
        Scene { bytes: Vec::new(), cut: 1, then: Then::Stay },
    ];
    let switch = Switch::start(scenes, None).await;
    let timing = Timing { silence: Duration::from_secs(1), ..QUICK };
    let session = Session::start(&log, config(switch.port), timing).await;
    until("a second connection", async || session.seen.0.lock().unwrap().len() >= 3).await;
    // The second one answers its pings, and stays.
    until("pings", async || switch.heard().matches("Action: Ping").count() >= 3).await;
    assert_eq!(session.end().await, ["connected", "the switch does not answer a ping", "connected"]);
    assert!(switch.heard().matches("Action: Ping").count() >= 3);
    assert_eq!(logged(&of(&*log, Dialect::AsteriskAmi).await).len(), said(frame(&Dialect::AsteriskAmi, &bytes)).len());
}

#[tokio::test]
async fn what_is_no_manager_interface_never_gets_the_secret() {
    for greeting in
        ["SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 400 Bad Request\r\n\r\n", "\x15\x03\x03", "Asterisk Call Mangler\r\n"]
    {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let server = tokio::spawn(async move {
            let (mut tcp, _) = listener.accept().await.expect("a client");
            tcp.write_all(greeting.as_bytes()).await.expect("written");
            let mut heard = Vec::new();
            drop(tokio::io::AsyncReadExt::read_to_end(&mut tcp, &mut heard).await);
            heard
        });
        let error = check(&config(port)).await.expect_err("no manager interface");
        assert!(matches!(error, AmiError::NotAmi(..)), "{greeting}: {error}");
        assert!(error.to_string().contains(&format!("127.0.0.1:{port}")), "{error}");
        assert!(server.await.expect("heard").is_empty(), "nothing was said to it");
    }
}

#[tokio::test]
async fn garbage_from_a_switch_is_kept_as_dead_letters_and_costs_nothing_else() {
    let good = b"Event: Hangup\r\nPrivilege: call,all\r\nTimestamp: 1795326272.5\r\nUniqueid: 1.1\r\n\r\n";
    let mut bytes = good.to_vec();
    bytes.extend_from_slice(b"\x00\xff garbage \xfe\r\nmore of it\r\n\r\n");
    bytes.extend_from_slice(&[b"Event: X\r\nHuge: ".as_slice(), &vec![b'x'; 1 << 20], b"\r\n\r\n"].concat());
    bytes.extend_from_slice(b"Event: Newexten\r\nUniqueid: 1.2\r\nAppData: caf\xe9\r\n\r\n");
    bytes.extend_from_slice(good);
    let (_dir, log) = log().await;
    let switch = Switch::start(vec![Scene { bytes, cut: 5_000, then: Then::Stay }], None).await;
    let session = Session::start(&log, config(switch.port), QUICK).await;
    until("what is good", async || count(&log).await >= 3).await;
    assert_eq!(session.end().await, ["connected"]);
    assert_eq!((count(&log).await, letters(&*log).await.len()), (3, 2));
}

#[tokio::test]
async fn nobody_there_says_where() {
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("it").port();
    let error = check(&config(free)).await.expect_err("nobody");
    assert!(matches!(&error, AmiError::Unreachable(place, _) if *place == format!("127.0.0.1:{free}")), "{error}");
}

/// A certificate for `name` and the authority that signed it, as PEM.
fn certified(name: &str) -> (tokio_rustls::TlsAcceptor, String) {
    let authority_key = rcgen::KeyPair::generate().expect("a key");
    let mut authority = rcgen::CertificateParams::new(Vec::new()).expect("parameters");
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let root = authority.self_signed(&authority_key).expect("a root");
    let issuer = rcgen::Issuer::new(authority, authority_key);
    let key = rcgen::KeyPair::generate().expect("a key");
    let certificate = rcgen::CertificateParams::new(vec![name.to_owned()]).expect("parameters");
    let certificate = certificate.signed_by(&key, &issuer).expect("a certificate");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = rustls_pki_types::PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let server = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .expect("a server");
    (Arc::new(server).into(), root.pem())
}

#[tokio::test]
async fn tls_with_an_authority_of_our_own() {
    let dir = tempfile::tempdir().expect("a folder");
    let (acceptor, root) = certified("pbx.example");
    let (_, other) = certified("pbx.example");
    let (good, bad, empty) = (dir.path().join("ca.pem"), dir.path().join("other.pem"), dir.path().join("empty.pem"));
    std::fs::write(&good, root).and_then(|()| std::fs::write(&bad, other)).expect("files");
    std::fs::write(&empty, "no certificate").expect("a file");
    let (bytes, _) = stretches();
    let expected = said(frame(&Dialect::AsteriskAmi, &bytes));
    let switch = Switch::start(vec![Scene { bytes, cut: 777, then: Then::Stay }], Some(acceptor)).await;
    let with = |ca: &std::path::Path, name: Option<&str>| {
        let tls = TlsConfig { ca_file: Some(ca.to_owned()), server_name: name.map(str::to_owned) };
        AmiConfig { tls: Some(tls), ..config(switch.port) }
    };
    let (_log_dir, log) = log().await;
    let session = Session::start(&log, with(&good, Some("pbx.example")), QUICK).await;
    until("all messages", async || count(&log).await >= expected.len()).await;
    assert_eq!(session.end().await, ["connected"]);
    assert!(logged(&of(&*log, Dialect::AsteriskAmi).await) == expected);
    let missing = dir.path().join("absent.pem");
    for (wrong, says) in [
        (with(&bad, Some("pbx.example")), "127.0.0.1"),
        (with(&good, None), "server_name"),
        (with(&empty, Some("pbx.example")), "empty.pem"),
        (with(&missing, Some("pbx.example")), "absent.pem"),
    ] {
        let error = check(&wrong).await.expect_err("not trusted");
        assert!(matches!(error, AmiError::Tls(..)) && error.to_string().contains(says), "{error}");
    }
    assert!(switch.heard().matches(SECRET).nth(1).is_none(), "the secret went over the trusted connection alone");
}
