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

use super::federation;
use super::policy::Audience;
use crate::auth::{Role, Roles};
use crate::recent::Recent;

pub(super) use gate::{About, Checked, Told};

/// A text that is no schema: a bug of ours.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the contract of {audience:?}: {message}")]
pub struct ContractError {
    audience: Audience,
    message: String,
}

/// How many audiences there are.
const AUDIENCES: usize = 2 * Roles::SETS;

const fn index(audience: Audience) -> usize {
    2 * audience.roles.index() + audience.router as usize
}

/// One contract.
pub(super) struct Contract {
    schema: Valid<Schema>,
    implementers: HashMap<Name, Implementers>,
    /// Exact: the check depends on the text and on the contract, which does not change.
    recent: Recent<Checked>,
}

impl Contract {
    fn of(whole: &Schema, audience: Audience) -> Result<Self, ContractError> {
        let schema =
            cut::cut(whole, audience).map_err(|message| ContractError { audience, message })?;
        Ok(Self {
            implementers: schema.implementers_map(),
            schema,
            recent: Recent::new(gate::DOCUMENTS),
        })
    }
}

/// The contracts of all audiences, each cut when it is first asked for.
pub(super) struct Contracts {
    whole: Schema,
    cut: [OnceLock<Result<Arc<Contract>, ContractError>>; AUDIENCES],
    subgraphs: [OnceLock<Arc<str>>; 1 + Role::ALL.len()],
}

impl Contracts {
    /// Contracts within the whole graph.
    pub(super) fn new(sdl: &str) -> Result<Self, ContractError> {
        let whole = Schema::parse(sdl, "schema.graphql").map_err(|errors| ContractError {
            audience: of_roles(Role::ALL),
            message: errors.to_string(),
        })?;
        Ok(Self {
            whole,
            cut: [const { OnceLock::new() }; AUDIENCES],
            subgraphs: [const { OnceLock::new() }; 1 + Role::ALL.len()],
        })
    }

    /// All of it.
    pub(super) const fn whole(&self) -> &Schema {
        &self.whole
    }

    /// The contract of an audience: the union of what each of its roles may use.
    pub(super) fn of(&self, audience: Audience) -> Result<Arc<Contract>, ContractError> {
        self.cut[index(audience)]
            .get_or_init(|| Contract::of(&self.whole, audience).map(Arc::new))
            .clone()
    }

    /// The schema of the subgraph: of all of it, or of the slice of one role.
    pub(super) fn subgraph(&self, role: Option<Role>) -> Result<Arc<str>, ContractError> {
        let place = &self.subgraphs[role.map_or(0, |role| 1 + role as usize)];
        if let Some(text) = place.get() {
            return Ok(Arc::clone(text));
        }
        let roles = role.map_or_else(|| Role::ALL.to_vec(), |role| vec![role]);
        let contract = self.of(of_roles(roles))?;
        let mut contracts = Vec::with_capacity(Role::ALL.len());
        for role in Role::ALL {
            contracts.push((role, self.of(of_roles([role]))?));
        }
        let text = || {
            let contracts = contracts.iter();
            let contracts: Vec<_> = contracts
                .map(|(role, contract)| (*role, &*contract.schema))
                .collect();
            Arc::from(federation::subgraph(&contract.schema, &contracts))
        };
        Ok(Arc::clone(place.get_or_init(text)))
    }
}

fn of_roles(roles: impl IntoIterator<Item = Role>) -> Audience {
    Audience {
        roles: roles.into_iter().collect(),
        router: false,
    }
}

/// The graph with the directives of Federation as text, as `schema.graphql` holds it.
///
/// # Errors
///
/// If the tables of the policy leave something that is no schema.
pub fn federated() -> Result<String, ContractError> {
    let contracts = Contracts::new(&super::sdl_of(&super::graph()))?;
    Ok(contracts.subgraph(None)?.to_string())
}

/// The contract of one role as text, as `contracts/` holds it.
///
/// # Errors
///
/// If the tables of the policy leave something that is no schema.
pub fn sdl(role: Role) -> Result<String, ContractError> {
    let contracts = Contracts::new(&super::sdl_of(&super::graph()))?;
    let contract = contracts.of(of_roles([role]))?;
    Ok(contract.schema.serialize().to_string())
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
