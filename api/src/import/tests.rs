//! Files against a log.
