//! Views as files in a folder, with a manifest: what `entrepot bi export` writes.
//!
//! A file bears its name when it is whole. The old manifest goes first and the new one comes last:
//! who reads a manifest finds every file that it names, as it describes it.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use entrepot_domain::kernel::TenantId;
use entrepot_event_store::db::DbError;
use entrepot_event_store::{Store, StoreError, clock};
use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::about::{About, Positions};
use super::ask::Ask;
use super::format::{Encoder, Format, FormatError};
use super::snapshot::Snapshot;
use super::source::Source;
use super::view::{Reader, View};

/// The manifest's name.
const MANIFEST: &str = "manifest.json";
/// How long a moment is looked for at which all views stand at one position.
const AGREE_WAIT: Duration = Duration::from_secs(30);

/// What to export.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// The tenant's slug.
    pub(crate) tenant: String,
    pub(crate) format: Format,
    /// Names of views; every view that the reader sees if there is none.
    pub(crate) views: Vec<String>,
    pub(crate) reader: Reader,
    /// Made if it is not there.
    pub(crate) folder: PathBuf,
}

/// What was exported.
#[derive(Debug, Serialize)]
pub(crate) struct Manifest {
    tenant: String,
    format: &'static str,
    position_core: i64,
    position_bi: i64,
    generated_at: Timestamp,
    pub(crate) files: Vec<Entry>,
}

/// A file of the manifest.
#[derive(Debug, Serialize)]
pub(crate) struct Entry {
    view: &'static str,
    grain: &'static str,
    pub(crate) file: String,
    pub(crate) rows: u64,
    bytes: u64,
    sha256: String,
    /// The position that its rows stand at.
    position: i64,
}

/// Why nothing was exported.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExportError {
    /// There is no such tenant, or the database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A view that is not there, or not for this reader.
    #[error("no view `{name}` for these roles; there are {known}")]
    View { name: String, known: String },
    /// The read models fold the log faster than they meet.
    #[error(
        "the views did not come to stand at one position for {AGREE_WAIT:?} ({0}): export when less is written, or the views of one group"
    )]
    Apart(Positions),
    /// A file cannot be written.
    #[error("{path}: {source}")]
    File { path: PathBuf, source: io::Error },
    /// The rows cannot be read.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The rows cannot be written.
    #[error(transparent)]
    Format(#[from] FormatError),
}

/// Writes the files.
pub(crate) async fn export(store: &Store, request: &Request) -> Result<Manifest, ExportError> {
    let tenant = store.tenant(&request.tenant).await?;
    let asks = asks(tenant, request)?;
    let at = |path: &Path| {
        let path = path.to_owned();
        move |source| ExportError::File { path, source }
    };
    std::fs::create_dir_all(&request.folder).map_err(at(&request.folder))?;
    let Snapshot { mut tx, positions } = snapshot(store, tenant, &asks).await?;
    let mut about = About {
        tenant: request.tenant.clone(),
        view: asks.first().map_or(&View::all()[0], |ask| ask.view),
        positions,
        generated_at: clock::now(),
    };
    let mut files = Vec::with_capacity(asks.len());
    let mut written = Vec::with_capacity(asks.len());
    for ask in asks {
        about.view = ask.view;
        let name = format!("{}.{}", ask.view.name, request.format.extension());
        let part = Part::create(&request.folder, &name)?;
        let mut source = Source::new(tx, ask);
        let (part, entry) = write(&mut source, &about, request.format, part, name).await?;
        tx = source.into_tx();
        written.push(part);
        files.push(entry);
    }
    tx.rollback().await?;
    let manifest = Manifest {
        tenant: request.tenant.clone(),
        format: request.format.extension(),
        position_core: positions.core,
        position_bi: positions.bi,
        generated_at: about.generated_at,
        files,
    };
    let mut part = Part::create(&request.folder, MANIFEST)?;
    let text = serde_json::to_string_pretty(&manifest).unwrap_or_default();
    part.write(text.as_bytes())?;
    part.write(b"\n")?;
    written.push(part);
    replace(&request.folder, &mut written)?;
    Ok(manifest)
}

/// Puts the files in place, the last one as the manifest.
fn replace(folder: &Path, written: &mut [Part]) -> Result<(), ExportError> {
    // All are whole before the old ones are touched: a full disk spoils nothing.
    for part in written.iter_mut() {
        part.finish()?;
    }
    let path = folder.join(MANIFEST);
    match std::fs::remove_file(&path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            return Err(ExportError::File { path, source });
        }
        _ => {}
    }
    for part in written {
        part.keep()?;
    }
    Ok(())
}

/// What is asked of each view, in the order of the views.
fn asks(tenant: TenantId, request: &Request) -> Result<Vec<Ask>, ExportError> {
    let all = View::all().iter();
    let all: Vec<Ask> = all
        .filter_map(|view| Ask::all(tenant, view, &request.reader))
        .collect();
    let known = |name: &String| all.iter().any(|ask| ask.view.name == name);
    if let Some(name) = request.views.iter().find(|name| !known(name)) {
        let known: Vec<&str> = all.iter().map(|ask| ask.view.name).collect();
        return Err(ExportError::View {
            name: name.clone(),
            known: known.join(", "),
        });
    }
    let wanted = |ask: &Ask| {
        let mut views = request.views.iter();
        request.views.is_empty() || views.any(|name| name == ask.view.name)
    };
    Ok(all.into_iter().filter(wanted).collect())
}

/// Views of one group stand at one position anyway.
async fn snapshot(store: &Store, tenant: TenantId, asks: &[Ask]) -> Result<Snapshot, ExportError> {
    let first = asks.first().map(|ask| ask.view.group);
    if asks.iter().all(|ask| Some(ask.view.group) == first) {
        return Ok(Snapshot::take(store, tenant).await?);
    }
    let agreed = Snapshot::agreed(store, tenant, AGREE_WAIT).await?;
    agreed.map_err(ExportError::Apart)
}

async fn write(
    source: &mut Source,
    about: &About,
    format: Format,
    mut part: Part,
    file: String,
) -> Result<(Part, Entry), ExportError> {
    let mut encoder = Encoder::new(format, source.columns(), about)?;
    let mut count = 0;
    loop {
        let rows = source.next().await?;
        if rows.is_empty() {
            break;
        }
        count += rows.len() as u64;
        part.write(&encoder.write(&rows)?)?;
    }
    part.write(&encoder.finish()?)?;
    let entry = Entry {
        view: about.view.name,
        grain: about.view.grain,
        file,
        rows: count,
        bytes: part.bytes,
        sha256: hex::encode(part.digest.clone().finalize()),
        position: about.positions.of(about.view.group),
    };
    Ok((part, entry))
}

/// A file under a name that nobody reads, until it is kept; gone if it is not.
struct Part {
    writer: Option<BufWriter<File>>,
    written_as: PathBuf,
    path: PathBuf,
    digest: Sha256,
    bytes: u64,
}

impl Part {
    fn create(folder: &Path, name: &str) -> Result<Self, ExportError> {
        let part = folder.join(format!(".{name}.{}.part", clock::fresh_id().simple()));
        let failed = |source| ExportError::File {
            path: part.clone(),
            source,
        };
        let file = File::create_new(&part).map_err(failed)?;
        Ok(Self {
            writer: Some(BufWriter::new(file)),
            path: folder.join(name),
            written_as: part,
            digest: Sha256::new(),
            bytes: 0,
        })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), ExportError> {
        self.digest.update(bytes);
        self.bytes += bytes.len() as u64;
        let written = self.writer.as_mut().map(|writer| writer.write_all(bytes));
        self.checked(written.unwrap_or(Ok(())))
    }

    /// Brings it to the disk, whole.
    fn finish(&mut self) -> Result<(), ExportError> {
        if let Some(writer) = self.writer.take() {
            let synced = writer
                .into_inner()
                .map_err(io::IntoInnerError::into_error)
                .and_then(|file| file.sync_all());
            self.checked(synced)?;
        }
        Ok(())
    }

    /// Gives it its name.
    fn keep(&self) -> Result<(), ExportError> {
        self.checked(std::fs::rename(&self.written_as, &self.path))
    }

    fn checked(&self, result: io::Result<()>) -> Result<(), ExportError> {
        result.map_err(|source| ExportError::File {
            path: self.path.clone(),
            source,
        })
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // Gone already if it was kept.
        let _ = std::fs::remove_file(&self.written_as);
    }
}
