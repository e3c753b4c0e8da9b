//! Contracts: the part of the graph that a set of roles may use, cut from the whole by the tables
//! of [`policy`](super::policy). To whoever is bound by a contract, the rest does not exist: not in
//! documents, not in introspection.

mod cut;
mod gate;

use std::sync::{Arc, OnceLock};

use apollo_compiler::Schema;
use apollo_compiler::collections::HashMap;
use apollo_compiler::schema::{Implementers, Name};
use apollo_compiler::validation::Valid;

use crate::auth::{Role, Roles};
use crate::recent::Recent;

pub(super) use gate::{Checked, Told};

/// A text that is no schema: a bug of ours.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the contract of {roles:?}: {message}")]
pub struct ContractError {
    roles: Roles,
    message: String,
}

/// One contract.
pub(super) struct Contract {
    schema: Valid<Schema>,
    implementers: HashMap<Name, Implementers>,
    /// Exact: the check depends on the text and on the contract, which does not change.
    recent: Recent<Arc<Checked>>,
}

impl Contract {
    fn of(whole: &Schema, roles: Roles) -> Result<Self, ContractError> {
        let schema = cut::cut(whole, roles).map_err(|message| ContractError { roles, message })?;
        Ok(Self {
            implementers: schema.implementers_map(),
            schema,
            recent: Recent::new(gate::DOCUMENTS),
        })
    }
}

/// The contracts of all sets of roles, each cut when it is first asked for.
pub(super) struct Contracts {
    whole: Schema,
    cut: [OnceLock<Result<Arc<Contract>, ContractError>>; Roles::SETS],
}

impl Contracts {
    /// Contracts within the whole graph.
    pub(super) fn new(sdl: &str) -> Result<Self, ContractError> {
        let whole = Schema::parse(sdl, "schema.graphql").map_err(|errors| ContractError {
            roles: Role::ALL.into_iter().collect(),
            message: errors.to_string(),
        })?;
        Ok(Self {
            whole,
            cut: [const { OnceLock::new() }; Roles::SETS],
        })
    }

    /// The contract of these roles: the union of what each may use.
    pub(super) fn of(&self, roles: Roles) -> Result<Arc<Contract>, ContractError> {
        self.cut[roles.index()]
            .get_or_init(|| Contract::of(&self.whole, roles).map(Arc::new))
            .clone()
    }
}

/// The contract of one role as text, as `contracts/` holds it.
///
/// # Errors
///
/// If the tables of the policy leave something that is no schema.
pub fn sdl(role: Role) -> Result<String, ContractError> {
    let contracts = Contracts::new(&super::sdl())?;
    let contract = contracts.of([role].into_iter().collect())?;
    Ok(contract.schema.serialize().to_string())
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
