//! The topics and their stated settings; `deploy/kafka/topics.json` holds the same, for
//! those who make topics by hand (a test compares). Replication is left to the cluster.

use model::{TOPIC_CALLS, TOPIC_DEAD_LETTERS, TOPIC_EVENTS, TOPIC_LIVE};

use crate::TopicSpec;

/// Partitions of `cti.events`: fixed when it is made.
pub const PARTITIONS: i32 = 48;

/// Every topic as it is made where it is absent.
pub fn topics() -> Vec<TopicSpec> {
    let spec = |name: &str, partitions, settings: &[(&str, &str)]| TopicSpec {
        name: name.to_owned(),
        partitions,
        settings: settings.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
    };
    // Append times are ours to give: `log copy` keeps them.
    let common = ("message.timestamp.type", "CreateTime");
    // Room for the largest event that a framer lets through.
    let large = ("max.message.bytes", "4194304");
    vec![
        spec(
            TOPIC_EVENTS,
            PARTITIONS,
            &[("cleanup.policy", "delete"), ("retention.ms", "-1"), ("retention.bytes", "-1"), common, large],
        ),
        spec(TOPIC_CALLS, 12, &[("cleanup.policy", "delete"), ("retention.ms", "2592000000"), common]),
        spec(TOPIC_LIVE, 1, &[("cleanup.policy", "compact"), common]),
        leases(),
        spec(TOPIC_DEAD_LETTERS, 1, &[("cleanup.policy", "delete"), ("retention.ms", "-1"), common, large]),
    ]
}

/// Epochs of leases by source; the embedded log keeps them elsewhere. Its one partition is
/// also what processes share out that take turns at a task.
pub const TOPIC_LEASES: &str = "cti.leases";

/// The topic of the leases.
pub(crate) fn leases() -> TopicSpec {
    let settings = [("cleanup.policy", "compact"), ("segment.ms", "3600000"), ("message.timestamp.type", "CreateTime")];
    let settings = settings.map(|(k, v)| (k.to_owned(), v.to_owned())).to_vec();
    TopicSpec { name: TOPIC_LEASES.to_owned(), partitions: 1, settings }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deployed_settings_are_those_that_the_log_makes() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../deploy/kafka/topics.json");
        let text = std::fs::read_to_string(path).expect("deploy/kafka/topics.json");
        let stated: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let ours: Vec<serde_json::Value> = topics()
            .into_iter()
            .map(|t| {
                let settings: serde_json::Map<_, _> = t.settings.into_iter().map(|(k, v)| (k, v.into())).collect();
                serde_json::json!({ "name": t.name, "partitions": t.partitions, "settings": settings })
            })
            .collect();
        assert_eq!(stated, serde_json::Value::Array(ours));
    }
}
