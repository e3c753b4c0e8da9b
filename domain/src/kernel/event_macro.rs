//! How an area lists its facts: one line an event gives the name, the schema version, the codec
//! and the JSON Schema, so that none of the four can be forgotten.

use schemars::Schema;

/// Why stored bytes are no event of this program.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The type is not known: written by a newer release.
    #[error("event type `{0}` is not known to this release")]
    UnknownType(String),
    /// The type is known, this version of it is not.
    #[error("version {1} of event type `{0}` is not known to this release")]
    UnknownVersion(String, i32),
    /// The payload does not fit the type.
    #[error("payload of `{0}` does not decode: {1}")]
    Payload(String, String),
}

/// One event type, as published in events.json.
#[derive(Debug)]
pub struct EventType {
    /// `order.placed`: for ever.
    pub name: &'static str,
    /// The version that new events are written with.
    pub schema_version: i32,
    /// JSON Schema of the payload in that version.
    pub schema: Schema,
}

/// Declares an area's event enum.
///
/// `Variant(Payload) = "area.fact" v1` — older versions are read through
/// `crate::upcast::upcast`, which lifts a stored payload one version at a time.
macro_rules! events {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident($payload:ty) = $type:literal v $version:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$doc])* $variant($payload),)* }

        impl $name {
            /// The name that the log stores.
            pub const fn type_name(&self) -> &'static str {
                match self { $(Self::$variant(_) => $type,)* }
            }

            /// The version that the payload is written in.
            pub const fn schema_version(&self) -> i32 {
                match self { $(Self::$variant(_) => $version,)* }
            }

            /// The payload as JSON text.
            pub fn encode(&self) -> Result<String, serde_json::Error> {
                match self { $(Self::$variant(payload) => serde_json::to_string(payload),)* }
            }

            /// Reads a payload of the current version; `None` if the type is another area's.
            pub(crate) fn decode(type_name: &str, payload: &str) -> Option<Result<Self, serde_json::Error>> {
                match type_name {
                    $($type => Some(serde_json::from_str(payload).map(Self::$variant)),)*
                    _ => None,
                }
            }

            /// Every type of the area.
            pub(crate) fn types() -> Vec<crate::kernel::EventType> {
                vec![$(crate::kernel::EventType {
                    name: $type,
                    schema_version: $version,
                    schema: schemars::schema_for!($payload),
                },)*]
            }
        }
    };
}
pub(crate) use events;
