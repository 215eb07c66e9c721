//! The types of adapter events and their fields. Schemas, validation and documentation
//! all come from this table. A field is only ever added, never changed or taken away.

use serde_json::{Value, json};

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A text of 1 to this many characters.
    Text(usize),
    /// A whole number, not negative.
    Count,
    /// True or false.
    Flag,
    /// An object of names and their values: texts, numbers, true or false.
    Values,
}

/// One field of a type.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub shape: Shape,
    /// Whether an event must have it.
    pub required: bool,
    /// What it means.
    pub about: &'static str,
}

/// One type of event.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// `type` in the data.
    pub name: &'static str,
    /// What happened.
    pub about: &'static str,
    /// Its fields, beside `type` and `version`.
    pub fields: &'static [Field],
}

/// The version of every type so far; `version` in the data may be left out.
pub const VERSION: u64 = 1;

const NAME: Shape = Shape::Text(256);

const fn must(name: &'static str, shape: Shape, about: &'static str) -> Field {
    Field { name, shape, required: true, about }
}

const fn may(name: &'static str, shape: Shape, about: &'static str) -> Field {
    Field { name, shape, required: false, about }
}

const CALL: Field = must("call_id", NAME, "The call as the switch names it");
const MAYBE_CALL: Field = may("call_id", NAME, "The call as the switch names it");
const CONNECTION: Field = may("connection", NAME, "The leg of the call, as the switch names it");
const AGENT: Field = must("agent", NAME, "The agent: the member's name or interface");
const MAYBE_AGENT: Field = may("agent", NAME, "The agent: the member's name or interface");
const QUEUE: Field = may("queue", NAME, "The queue; left out: every queue");

/// Every type, in the order of the alphabet.
pub const KINDS: &[Kind] = &[
    Kind {
        name: "AgentLoggedOff",
        about: "An agent logged off.",
        fields: &[AGENT, QUEUE, may("session_ms", Shape::Count, "Length of the session, milliseconds")],
    },
    Kind { name: "AgentLoggedOn", about: "An agent logged on.", fields: &[AGENT, QUEUE] },
    Kind {
        name: "AgentNotReady",
        about: "An agent takes no calls; while not ready: the reason changed.",
        fields: &[AGENT, QUEUE, may("reason", NAME, "The reason code")],
    },
    Kind { name: "AgentReady", about: "An agent takes calls again.", fields: &[AGENT, QUEUE] },
    Kind {
        name: "CallbackRequested",
        about: "The caller asked to be called back.",
        fields: &[
            CALL,
            CONNECTION,
            MAYBE_AGENT,
            may("queue", NAME, "The queue in which the caller waited"),
            may("number", NAME, "The number to call"),
            may("leaves_queue", Shape::Flag, "The adapter took the caller out of the queue; default false"),
        ],
    },
    Kind {
        name: "ClickToDial",
        about: "A call was started from a screen.",
        fields: &[AGENT, MAYBE_CALL, CONNECTION, must("number", NAME, "The number dialled")],
    },
    Kind {
        name: "DataCollected",
        about: "Something was collected from the caller, by an IVR or a form.",
        fields: &[
            CALL,
            CONNECTION,
            MAYBE_AGENT,
            must("name", NAME, "What the collection is called: AccountEntered, Survey"),
            must("values", Shape::Values, "Names and values"),
        ],
    },
    Kind {
        name: "DispositionSet",
        about: "The agent said how the call ended.",
        fields: &[CALL, CONNECTION, MAYBE_AGENT, must("disposition", NAME, "The code")],
    },
    Kind {
        name: "NoteSaved",
        about: "The agent's comment on a call.",
        fields: &[CALL, CONNECTION, MAYBE_AGENT, must("text", Shape::Text(32_000), "The comment")],
    },
    Kind {
        name: "ScreenPopped",
        about: "A record was shown to the agent.",
        fields: &[CALL, CONNECTION, MAYBE_AGENT, may("record", NAME, "What was shown: a record's id or address")],
    },
];

/// The type of that name.
pub(super) fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|k| k.name == name)
}

/// The JSON Schema (draft 2020-12) of a type's data.
pub fn schema(kind: &Kind) -> Value {
    let mut properties = serde_json::Map::new();
    properties.insert("type".into(), json!({ "const": kind.name }));
    properties.insert("version".into(), json!({ "const": VERSION, "description": "Left out: 1" }));
    for field in kind.fields {
        let mut shape = match field.shape {
            Shape::Text(most) => json!({ "type": "string", "minLength": 1, "maxLength": most }),
            Shape::Count => json!({ "type": "integer", "minimum": 0 }),
            Shape::Flag => json!({ "type": "boolean" }),
            Shape::Values => {
                json!({ "type": "object", "additionalProperties": { "type": ["string", "number", "boolean"] } })
            }
        };
        shape["description"] = field.about.into();
        properties.insert(field.name.into(), shape);
    }
    let required: Vec<&str> =
        std::iter::once("type").chain(kind.fields.iter().filter(|f| f.required).map(|f| f.name)).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": format!("{} {}, version {VERSION}", super::DIALECT, kind.name),
        "description": kind.about,
        "type": "object",
        "properties": properties,
        "required": required,
    })
}
