//! What is packed comes back as it was.

use std::collections::BTreeMap;

use model::event::{DeviceKind, EndedBy};
use model::facts::Facts;
use model::{Body, Event, Instant, Name, Position};
use rustc_hash::FxHashMap;

use crate::{Config, Timeline};

/// What a timeline holds unpacked, as text, whatever the order of its maps.
fn awake(timeline: &Timeline) -> String {
    fn sorted<K: Ord + Clone, V: Clone>(map: &FxHashMap<K, V>) -> BTreeMap<K, V> {
        map.clone().into_iter().collect()
    }
    let Timeline { contacts, connections, calls, conversations, talks, .. } = timeline;
    let (contacts, connections) = (sorted(contacts), sorted(connections));
    format!("{contacts:?}{connections:?}{:?}{:?}{:?}", sorted(calls), sorted(conversations), sorted(talks))
}

/// A recorded call that an agent answers; `upto` of its events.
fn told(upto: usize) -> Timeline {
    let mut timeline = Timeline::new("main".into(), "pbx".into(), Config::default());
    let originated = |device, number: &str| Body::Originated {
        device,
        number: Some(number.into()),
        withheld: false,
        name: None,
        dialled: Some("4420".into()),
    };
    let said: Vec<(&str, &str, &str, Body)> = vec![
        ("c", "", "", originated(DeviceKind::Trunk, "07700900096")),
        ("c", "", "", Body::DataCollected { name: "x".into(), values: vec![("Status".into(), "OK".into())] }),
        ("c", "", "", Body::RecordingStarted { path: Some("/var/spool/c.wav".into()) }),
        ("c", "sales", "", Body::Queued { position: Some(1), ani: Some("07700900096".into()) }),
        ("a", "", "", originated(DeviceKind::Station, "1001")),
        ("c", "sales", "Alice", Body::Established { wait_ms: Some(5), ring_ms: None, device: Some("a".into()) }),
        ("c", "", "", Body::Connected { conversation: "k".into() }),
        ("a", "", "Alice", Body::Connected { conversation: "k".into() }),
        ("a", "", "", Body::Held),
        ("c", "", "", Body::NoteSaved { text: "n".into() }),
        ("a", "", "", Body::ConnectionCleared { cause: None, by: EndedBy::Agent }),
    ];
    for (i, (conn, queue, agent, body)) in said.into_iter().take(upto).enumerate() {
        let name = |text: &str| (!text.is_empty()).then(|| Name::from(text));
        let event = Event {
            at: Instant::from_secs(1_795_334_400 + i as i64),
            position: Position { partition: 0, offset: i as i64 },
            ordinal: 0,
            known_at: Instant::from_secs(1_795_334_400),
            call_id: name("c"),
            connection: name(conn),
            queue: name(queue),
            agent: name(agent),
            body,
        };
        timeline.apply(&"/switch/pbx".into(), &event, &mut Facts::default()).expect("in time");
    }
    timeline
}

#[test]
fn what_is_unpacked_is_what_was_packed() {
    for upto in 1..=11 {
        let mut timeline = told(upto);
        let before = awake(&timeline);
        timeline.pack(0);
        assert!(timeline.contacts.is_empty() && timeline.connections.is_empty() && timeline.calls.is_empty());
        assert!(timeline.conversations.is_empty() && timeline.counters().open_contacts == 1);
        let bytes = timeline.packed[&0].bytes.len();
        assert!(bytes < 500, "{bytes} bytes after {upto} events");
        let mut again: Timeline = postcard::from_bytes(&postcard::to_stdvec(&timeline).unwrap()).unwrap();
        again.wake(&"a".into());
        again.wake(&"c".into());
        assert_eq!(awake(&again), before, "after {upto} events");
        assert!(again.packed.is_empty() && again.asleep.of("c").is_none() && again.asleep.of("k").is_none());
    }
}
