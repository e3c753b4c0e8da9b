//! Personal data: outside the log, sealed under a key for each person. Destroying the key erases
//! the person from every copy and backup at once; the log keeps only references.

use chacha20poly1305::aead::{Aead as _, KeyInit as _};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use entrepot_domain::kernel::TenantId;
use entrepot_entity::{personal, scope, subject_key};
use hmac::{Hmac, Mac as _};
use sea_orm::{ColumnTrait as _, QueryFilter as _};
use sha2::Sha256;
use uuid::Uuid;

use crate::db::{Db, DbError, Deletes, Merge, Purpose, Rows, Tx};
use crate::error::StoreError;

const NONCE: usize = 12;

/// A change of personal data that joins a command's commit.
#[derive(Clone, Debug)]
pub enum VaultWrite {
    /// The key of a person whose id was just drawn.
    Key(subject_key::Model),
    /// A sealed record.
    Record(personal::Model),
    /// Destroys a person's key and every record under it.
    Destroy(Uuid),
}

/// Seals and opens personal data under the deployment's master key.
#[derive(Clone)]
pub struct Vault {
    master: [u8; 32],
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault")
    }
}

impl Vault {
    /// A vault under a master key of 32 bytes.
    pub const fn new(master: [u8; 32]) -> Self {
        Self { master }
    }

    /// Seals a record for a person. The person's first key is kept at once, not with the command:
    /// two commands at the same time must seal under the same one.
    ///
    /// `email` becomes a keyed hash by which [`Vault::find`] finds the record.
    pub async fn seal(
        &self,
        db: &Db,
        tenant: TenantId,
        subject_id: Uuid,
        record: &[u8],
        email: Option<&str>,
    ) -> Result<(Uuid, Vec<VaultWrite>), StoreError> {
        let key = match self.key_of(db, tenant, subject_id).await? {
            Some(key) => key,
            None => self.first_key(db, tenant, subject_id).await?,
        };
        let sealed = self.sealed(&key, tenant, subject_id, record, email)?;
        Ok((sealed.record_id, vec![VaultWrite::Record(sealed)]))
    }

    /// The same for a person whose id was just drawn: nobody else can seal for it yet, and so its
    /// key joins the command's commit. A refused command leaves nothing behind.
    pub fn seal_fresh(
        &self,
        tenant: TenantId,
        subject_id: Uuid,
        record: &[u8],
        email: Option<&str>,
    ) -> Result<(Uuid, Vec<VaultWrite>), StoreError> {
        let (key, row) = self.new_key(tenant, subject_id)?;
        let sealed = self.sealed(&key, tenant, subject_id, record, email)?;
        let record_id = sealed.record_id;
        let writes = vec![VaultWrite::Key(row), VaultWrite::Record(sealed)];
        Ok((record_id, writes))
    }

    fn sealed(
        &self,
        key: &[u8; 32],
        tenant: TenantId,
        subject_id: Uuid,
        record: &[u8],
        email: Option<&str>,
    ) -> Result<personal::Model, StoreError> {
        let record_id = crate::clock::fresh_id();
        Ok(personal::Model {
            tenant_id: tenant.0,
            record_id,
            subject_id,
            lookup: email.map(|email| self.lookup(tenant, email)),
            sealed: seal(key, &binding(tenant, record_id), record)?,
        })
    }

    fn new_key(
        &self,
        tenant: TenantId,
        subject_id: Uuid,
    ) -> Result<([u8; 32], subject_key::Model), StoreError> {
        let key: [u8; 32] = random()?;
        let wrapped_key = seal(&self.master, &binding(tenant, subject_id), &key)?;
        let row = subject_key::Model {
            tenant_id: tenant.0,
            subject_id,
            wrapped_key,
        };
        Ok((key, row))
    }

    /// Keeps a new key, or takes the one that somebody else kept meanwhile.
    async fn first_key(
        &self,
        db: &Db,
        tenant: TenantId,
        subject_id: Uuid,
    ) -> Result<[u8; 32], StoreError> {
        let (key, row) = self.new_key(tenant, subject_id)?;
        let mut tx = db.begin(tenant, Purpose::Append).await?;
        match tx.write(Rows::of(&[row], Merge::Refuse)).await {
            Ok(()) => {
                tx.commit().await?;
                Ok(key)
            }
            Err(error) if error.unique_violation() => {
                tx.rollback().await?;
                let kept = self.key_of(db, tenant, subject_id).await?;
                kept.ok_or(StoreError::Sealed)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Opens records. Those of an erased person are absent.
    pub async fn open(
        &self,
        tx: &Tx,
        tenant: TenantId,
        records: Vec<Uuid>,
    ) -> Result<Vec<(Uuid, Vec<u8>)>, StoreError> {
        let rows = scope::of::<personal::Entity>(tenant.0)
            .filter(personal::Column::RecordId.is_in(records))
            .all(tx)
            .await
            .map_err(DbError::from)?;
        let subjects: Vec<Uuid> = rows.iter().map(|row| row.subject_id).collect();
        let keys = scope::of::<subject_key::Entity>(tenant.0)
            .filter(subject_key::Column::SubjectId.is_in(subjects))
            .all(tx)
            .await
            .map_err(DbError::from)?;
        let mut opened = Vec::with_capacity(rows.len());
        for row in rows {
            let Some(key) = keys.iter().find(|key| key.subject_id == row.subject_id) else {
                continue;
            };
            let key = self.unwrap_key(tenant, key)?;
            opened.push((
                row.record_id,
                open(&key, &binding(tenant, row.record_id), &row.sealed)?,
            ));
        }
        Ok(opened)
    }

    /// The records that hold this e-mail address, also those that were replaced since.
    pub async fn find(
        &self,
        tx: &Tx,
        tenant: TenantId,
        email: &str,
    ) -> Result<Vec<Uuid>, StoreError> {
        let rows = scope::of::<personal::Entity>(tenant.0)
            .filter(personal::Column::Lookup.eq(self.lookup(tenant, email)))
            .all(tx)
            .await
            .map_err(DbError::from)?;
        Ok(rows.into_iter().map(|row| row.record_id).collect())
    }

    /// Keyed per deployment and tenant, so that the same address in two tenants hashes differently.
    fn lookup(&self, tenant: TenantId, email: &str) -> Vec<u8> {
        let input = format!("{tenant}:{}", email.trim().to_lowercase());
        match <Hmac<Sha256> as hmac::Mac>::new_from_slice(&self.master) {
            Ok(mut mac) => {
                mac.update(input.as_bytes());
                mac.finalize().into_bytes().to_vec()
            }
            Err(_) => Vec::new(),
        }
    }

    async fn key_of(
        &self,
        db: &Db,
        tenant: TenantId,
        subject_id: Uuid,
    ) -> Result<Option<[u8; 32]>, StoreError> {
        let tx = db.begin(tenant, Purpose::Read).await?;
        let row = scope::of::<subject_key::Entity>(tenant.0)
            .filter(subject_key::Column::SubjectId.eq(subject_id))
            .one(&tx)
            .await
            .map_err(DbError::from)?;
        tx.commit().await?;
        row.map(|row| self.unwrap_key(tenant, &row)).transpose()
    }

    fn unwrap_key(
        &self,
        tenant: TenantId,
        row: &subject_key::Model,
    ) -> Result<[u8; 32], StoreError> {
        let key = open(
            &self.master,
            &binding(tenant, row.subject_id),
            &row.wrapped_key,
        )?;
        key.try_into().map_err(|_| StoreError::Sealed)
    }
}

/// What a sealed value is bound to: moved to another row or tenant, it does not open.
fn binding(tenant: TenantId, id: Uuid) -> Vec<u8> {
    [&tenant.0.to_be_bytes()[..], id.as_bytes()].concat()
}

fn random<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| StoreError::Unsealable)?;
    Ok(bytes)
}

/// Nonce, then ciphertext and tag.
fn seal(key: &[u8; 32], binding: &[u8], plain: &[u8]) -> Result<Vec<u8>, StoreError> {
    let nonce: [u8; NONCE] = random()?;
    let payload = chacha20poly1305::aead::Payload {
        msg: plain,
        aad: binding,
    };
    let sealed =
        ChaCha20Poly1305::new(Key::from_slice(key)).encrypt(Nonce::from_slice(&nonce), payload);
    Ok([&nonce[..], &sealed.map_err(|_| StoreError::Unsealable)?].concat())
}

fn open(key: &[u8; 32], binding: &[u8], sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
    let (nonce, sealed) = sealed.split_at_checked(NONCE).ok_or(StoreError::Sealed)?;
    let payload = chacha20poly1305::aead::Payload {
        msg: sealed,
        aad: binding,
    };
    let opened =
        ChaCha20Poly1305::new(Key::from_slice(key)).decrypt(Nonce::from_slice(nonce), payload);
    opened.map_err(|_| StoreError::Sealed)
}

/// What commands add to the vault, as rows that are written with their events.
pub(crate) fn rows(writes: &[VaultWrite]) -> [Rows; 2] {
    let mut keys = Rows::none::<subject_key::Model>(Merge::Refuse);
    let mut records = Rows::none::<personal::Model>(Merge::Refuse);
    for write in writes {
        match write {
            VaultWrite::Key(key) => keys.push(key),
            VaultWrite::Record(record) => records.push(record),
            VaultWrite::Destroy(_) => {}
        }
    }
    [keys, records]
}

/// The keys and records that commands ask to destroy, after their rows are written: a record may have
/// been sealed in the same group.
pub(crate) fn destroyed(tenant: TenantId, writes: &[VaultWrite]) -> Vec<Deletes> {
    let people = writes.iter().filter_map(|write| match write {
        VaultWrite::Destroy(subject) => Some(vec![tenant.0.into(), (*subject).into()]),
        VaultWrite::Key(_) | VaultWrite::Record(_) => None,
    });
    let people: Vec<Vec<sea_orm::Value>> = people.collect();
    if people.is_empty() {
        return Vec::new();
    }
    let of = |table| Deletes::of(table, vec!["tenant_id", "subject_id"], people.clone());
    vec![of("personal"), of("subject_key")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_only_where_it_belongs() {
        let (key, here, there) = (
            [7; 32],
            binding(TenantId(1), Uuid::nil()),
            binding(TenantId(2), Uuid::nil()),
        );
        let sealed = seal(&key, &here, b"Ada").expect("sealed");
        assert_eq!(
            open(&key, &here, &sealed).ok().as_deref(),
            Some(&b"Ada"[..])
        );
        assert!(open(&key, &there, &sealed).is_err());
        assert!(open(&[8; 32], &here, &sealed).is_err());
    }
}
