//! Places in a stream, and the cursors that name them.

use entrepot_domain::envelope::Hash;
use entrepot_domain::kernel::TenantId;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Watched;
use crate::secrets::Secrets;

/// Bytes of an event's hash that a cursor holds: enough to tell two histories of a log apart.
const MARK: usize = 8;

/// The beginning of an event's hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark([u8; MARK]);

impl From<&Hash> for Mark {
    fn from(hash: &Hash) -> Self {
        let mut mark = [0; MARK];
        mark.copy_from_slice(&hash[..MARK]);
        Self(mark)
    }
}

/// How much was sent at a position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sent<K> {
    /// Of the rows that the event touched, those up to this one, which is not the last.
    Row(usize),
    /// Everything up to the event, and of it.
    All,
    /// Of the snapshot at the position, the rows up to this key.
    Snapshot(K),
}

/// A place in a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place<K> {
    /// The position in the tenant's log.
    pub(super) position: i64,
    /// Of the event there: a log that was restored and went on differently has another.
    pub(super) mark: Mark,
    /// What was sent.
    pub(super) sent: Sent<K>,
}

impl<K: Serialize + DeserializeOwned> Place<K> {
    /// The cursor as clients hold it.
    pub(super) fn seal<W: Watched>(&self, tenant: TenantId, secrets: &Secrets) -> String {
        let sent = match &self.sent {
            Sent::Row(index) => format!("r{index}"),
            Sent::All => "a".to_owned(),
            // Keys are text and numbers: this cannot fail, and an empty key would not open.
            Sent::Snapshot(key) => format!("s{}", serde_json::to_string(key).unwrap_or_default()),
        };
        let text = format!("{} {} {sent}", self.position, hex::encode(self.mark.0));
        secrets.seal_cursor(&text, &binding::<W>(tenant))
    }

    /// The place of a client's cursor, if it was made for this stream of this tenant.
    pub(super) fn open<W: Watched>(
        cursor: &str,
        tenant: TenantId,
        secrets: &Secrets,
    ) -> Option<Self> {
        let text = secrets.open_cursor(cursor, &binding::<W>(tenant))?;
        let mut parts = text.splitn(3, ' ');
        let position = parts.next()?.parse().ok()?;
        let mut mark = [0; MARK];
        hex::decode_to_slice(parts.next()?, &mut mark).ok()?;
        let sent = parts.next()?;
        let sent = match sent.split_at_checked(1)? {
            ("r", index) => Sent::Row(index.parse().ok()?),
            ("a", "") => Sent::All,
            ("s", key) => Sent::Snapshot(serde_json::from_str(key).ok()?),
            _ => return None,
        };
        Some(Self {
            position,
            mark: Mark(mark),
            sent,
        })
    }
}

fn binding<W: Watched>(tenant: TenantId) -> String {
    format!("live:{tenant}:{}", W::NAME)
}
