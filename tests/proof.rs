//! The proof that a tenant's books agree.

use entrepot_domain::kernel::TenantId;
use entrepot_event_store::Store;
use entrepot_projections::registry::{self, GROUPS};
use entrepot_projections::verify::{self, Findings};

/// What `verify` finds in a tenant's log.
pub async fn log_findings(store: &Store, tenant: TenantId) -> Findings {
    verify::log(store, tenant, &|_| {})
        .await
        .expect("the log is read")
}

/// What `verify` finds in a tenant's read models, at the position where they stand.
pub async fn row_findings(store: &Store, tenant: TenantId) -> Findings {
    let mut findings = verify::rows(store, tenant)
        .await
        .expect("the rows are read");
    for group in GROUPS {
        let found = verify::models(store, &registry::group(group), tenant, &|_| {}).await;
        findings.extend(found.expect("the log is folded"));
    }
    findings
}

/// Folds a tenant's read models up to the end of its log, where no runner does.
pub async fn catch_up(store: &Store, tenant: TenantId) {
    for group in GROUPS {
        registry::group(group)
            .catch_up(store, tenant, 1)
            .await
            .expect("the log is folded");
    }
}

/// Asserts that log and read models have no findings.
pub async fn assert_whole(store: &Store, tenant: TenantId) {
    let mut findings = log_findings(store, tenant).await;
    findings.extend(row_findings(store, tenant).await);
    assert_eq!(findings, Vec::<String>::new());
}
