//! Payments: what a provider holds, moved and moved back, and what it took for that.

mod assess_fee;
mod authorize_payment;
mod capture_payment;
mod event;
mod expire_authorization;
mod fee;
#[cfg(test)]
mod given;
mod guard;
mod record_external_payment;
mod refund_payment;
mod report_unknown_outcome;
mod resolve_outcome;
mod state;
mod void_payment;

pub use assess_fee::AssessFee;
pub use authorize_payment::AuthorizePayment;
pub use capture_payment::CapturePayment;
pub use event::*;
pub use expire_authorization::ExpireAuthorization;
pub use record_external_payment::RecordExternalPayment;
pub use refund_payment::RefundPayment;
pub use report_unknown_outcome::ReportUnknownOutcome;
pub use resolve_outcome::ResolveOutcome;
pub use state::*;
pub use void_payment::VoidPayment;
