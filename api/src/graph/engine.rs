//! What the library's execution lacks, in one extension because each costs a hook per field: fields
//! that are not open to the caller are refused, errors of nullable fields stay where they are,
//! accidents are masked, and costs are counted.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use async_graphql::extensions::{
    Extension, ExtensionContext, ExtensionFactory, NextExecute, NextResolve, ResolveInfo,
};
use async_graphql::{
    Error, PathSegment, Pos, QueryPathNode, QueryPathSegment, Response, ServerError, ServerResult,
    Value,
};

use super::cost::Meter;
use super::room::{Room, TooLarge};
use super::session::Session;
use crate::accident::MASKED;

/// Makes an [`Engine`] for each request.
#[derive(Debug)]
pub(crate) struct EngineFactory;

impl ExtensionFactory for EngineFactory {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Engine::default())
    }
}

/// One request's extension.
#[derive(Default)]
struct Engine {
    /// Errors of nullable fields, which became null.
    errors: Mutex<Vec<ServerError>>,
    /// Counts what the fields cost, where that is counted.
    meter: OnceLock<Meter>,
}

#[async_trait::async_trait]
impl Extension for Engine {
    async fn execute(
        &self,
        ctx: &ExtensionContext<'_>,
        operation: Option<&str>,
        next: NextExecute<'_>,
    ) -> Response {
        if let Some(meter) = ctx.data_opt::<Meter>() {
            self.meter.get_or_init(|| meter.clone());
        }
        let mut response = next.run(ctx, operation).await;
        let mut errors =
            std::mem::take(&mut *self.errors.lock().unwrap_or_else(PoisonError::into_inner));
        errors.append(&mut response.errors);
        if ctx.data_opt::<Room>().is_some_and(|room| room.left() == 0) {
            // Each field on the way out said so.
            response.data = Value::Null;
            errors = errors.pop().into_iter().collect();
        }
        errors.iter_mut().for_each(mask);
        response.errors = errors;
        response
    }

    /// Each field is checked before it runs, whatever led to it: the second line behind the contract.
    ///
    /// GraphQL 6.4.4: an error in a nullable field makes that field null, and no more.
    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        let nullable = !info.return_type.ends_with('!');
        let (of, field) = (info.parent_type, info.name);
        let (at, pos) = (info.path_node, info.field.name.pos);
        let resolved = match check(ctx, &info) {
            Ok(()) => next.run(ctx, info).await,
            Err(refusal) => Err(refusal),
        };
        // The library also calls for each member of a list; a list is one field.
        if let Some(meter) = self.meter.get()
            && !of.starts_with('[')
        {
            meter.field(of, field, resolved.as_ref().ok().and_then(Option::as_ref));
        }
        let room = ctx.data_opt::<Room>();
        match resolved {
            Ok(value) => {
                let taken = match (room, &value) {
                    (Some(room), Some(value)) => room.take_members(value),
                    _ => Ok(()),
                };
                taken
                    .map(|()| value)
                    .map_err(|full| too_large(full, pos, at))
            }
            // There will be no answer: nothing is worth going on for.
            Err(error) if room.is_some_and(|room| room.left() == 0) => Err(error),
            Err(error) if nullable => {
                self.errors
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(error);
                Ok(Some(Value::Null))
            }
            failed => failed,
        }
    }
}

fn too_large(full: TooLarge, pos: Pos, at: &QueryPathNode<'_>) -> ServerError {
    Error::from(full).into_server_error(pos).with_path(path(at))
}

/// Refuses a field that the policy does not open to the caller. The library asks again for each item
/// of a list, which is no field. Fields about the schema itself are answered from the contract.
fn check(ctx: &ExtensionContext<'_>, info: &ResolveInfo<'_>) -> ServerResult<()> {
    let item = matches!(info.path_node.segment, QueryPathSegment::Index(_));
    if item || info.name.starts_with("__") {
        return Ok(());
    }
    // Each part of the merged subscription type names itself.
    let of = match (info.path_node.parent, info.parent_type) {
        (None, of) if of != "Query" && of != "Mutation" => "Subscription",
        (_, of) => of,
    };
    let allowed = ctx.data::<Arc<Session>>();
    let allowed = allowed.and_then(|session| session.audience().check(of, info.name));
    allowed.map_err(|refusal| {
        let refusal = refusal.into_server_error(info.field.name.pos);
        refusal.with_path(path(info.path_node))
    })
}

fn path(node: &QueryPathNode<'_>) -> Vec<PathSegment> {
    let segment = |node: &QueryPathNode<'_>| match node.segment {
        QueryPathSegment::Name(name) => PathSegment::Field(name.to_owned()),
        QueryPathSegment::Index(index) => PathSegment::Index(index),
    };
    let mut path: Vec<PathSegment> = std::iter::successors(Some(node), |node| node.parent)
        .map(segment)
        .collect();
    path.reverse();
    path
}

/// How the library begins to say that a value does not fit its type. Values of scalars of our own
/// are parsed when their field runs.
const INPUT: [&str; 2] = ["Failed to parse \"", "Expected input type \""];

/// An error that no code was given to was not meant for callers, unless it is about their input.
fn mask(error: &mut ServerError) {
    let about_input = INPUT.iter().any(|start| error.message.starts_with(start));
    let extensions = error.extensions.get_or_insert_default();
    if extensions.get("code").is_none() && about_input {
        extensions.set("code", "BAD_USER_INPUT");
    }
    if extensions.get("code").is_none() {
        tracing::error!(message = %error.message, path = ?error.path, "an error without a code was masked");
        MASKED.clone_into(&mut error.message);
        extensions.set("code", "INTERNAL_SERVER_ERROR");
    }
    if extensions.get("retryable").is_none() {
        extensions.set("retryable", false);
    }
}
