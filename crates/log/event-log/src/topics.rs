//! The topics and their stated settings; `deploy/kafka/topics.json` holds the same.

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
    let common = ("message.timestamp.type", "CreateTime");
    vec![
        spec(
            TOPIC_EVENTS,
            PARTITIONS,
            &[("cleanup.policy", "delete"), ("retention.ms", "-1"), ("retention.bytes", "-1"), common],
        ),
        spec(TOPIC_CALLS, 12, &[("cleanup.policy", "delete"), ("retention.ms", "2592000000"), common]),
        spec(TOPIC_LIVE, 1, &[("cleanup.policy", "compact"), common]),
        spec(TOPIC_DEAD_LETTERS, 1, &[("cleanup.policy", "delete"), ("retention.ms", "-1"), common]),
    ]
}
