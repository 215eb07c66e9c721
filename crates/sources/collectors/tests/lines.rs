//! Adapters' events from files.

mod support;

use collectors::intake::lines::import;
use model::Dialect;
use support::{events, letters, log, now, target, told};

fn line(id: usize, rest: &str) -> String {
    format!(
        "{{\"specversion\":\"1.0\",\"id\":\"{id}\",\"source\":\"/adapter/desk\",\"type\":\"cti.adapter\"{rest},\
         \"data\":{{\"type\":\"NoteSaved\",\"call_id\":\"1.{id}\",\"text\":\"card 4111111111111111\"}}}}\n"
    )
}

#[tokio::test]
async fn ids_are_kept_and_a_second_or_resumed_import_changes_nothing() {
    let (dir, log) = log().await;
    let target = target(Dialect::CtiAdapter);
    let mut text: String = (0..5_000).map(|n| line(n, "")).collect();
    text.push_str(&line(7, ""));
    text.push_str(&line(9_000, ",\"switch\":\"pbx2\",\"center\":\"north\""));
    text.push_str("no JSON 4111111111111111\n\n");
    text.push_str(&line(9_001, ",\"time\":\"1970-01-01T00:00:00Z\""));
    text.push_str(&format!("{}\n", "x".repeat(3 << 20)));
    text.push_str(line(9_002, "").trim_end());
    let (half, whole) = (dir.path().join("half.jsonl"), dir.path().join("events.jsonl"));
    std::fs::write(&half, text.split_inclusive('\n').take(2_345).collect::<String>()).expect("a file");
    std::fs::write(&whole, &text).expect("a file");
    assert_eq!(import(&*log, &target, &half, &now).await.expect("imported").appended, 2_345);
    let counts = import(&*log, &target, &whole, &now).await.expect("imported");
    assert_eq!((counts.appended, counts.known, counts.dead_letters, counts.masked), (2_657, 2_346, 3, 2_657));
    let once = told(&*log).await;
    assert_eq!(once.len(), 5_002);
    assert!(once.iter().all(|e| !e.5.contains("4111111111111111")));
    let again = import(&*log, &target, &whole, &now).await.expect("imported");
    assert_eq!((again.appended, again.known, again.dead_letters), (0, 5_003, 0));
    assert_eq!(told(&*log).await, once);
    assert!(letters(&*log).await.iter().all(|l| !String::from_utf8_lossy(&l.bytes).contains("4111111111111111")));
    let all = events(&*log).await;
    let other: Vec<_> = all.iter().filter(|e| e.switch == "pbx2").map(|e| e.center.as_str()).collect();
    assert_eq!(other, ["north"]);
    let order: Vec<&str> = all.iter().filter(|e| e.switch == "pbx1").map(|e| e.id.as_str()).collect();
    let expected: Vec<String> = (0..5_000).chain([9_002]).map(|n| n.to_string()).collect();
    assert_eq!(order, expected);
}
