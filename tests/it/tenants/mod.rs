//! A tenant never sees another's data, and a tenant in trouble never stops another.

mod clock;
mod neighbors;
pub(crate) mod row_security;
