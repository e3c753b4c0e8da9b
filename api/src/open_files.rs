//! The limit on open files: each connection is one.

/// Files that a server has open beside its connections.
const OTHERS: u64 = 200;

/// Raises the soft limit as far as the system lets us, and says if that is not enough.
pub(crate) fn raise(connections: u64) {
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(files) if files < connections + OTHERS => {
            tracing::warn!(
                files,
                connections,
                "not as many files may be open as connections are allowed: raise the hard limit"
            );
        }
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "the limit on open files was not raised"),
    }
}
