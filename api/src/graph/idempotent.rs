//! Idempotency keys and their three carriers: the directive `@idempotent`, the input's own field, and
//! the request's header.

use async_graphql::extensions::ResolveFut;
use async_graphql::parser::types::OperationType;
use async_graphql::{Context, CustomDirective, Directive, Result, ServerResult, Value};
use entrepot_event_store::IdempotencyKey;

use super::error::bad_input;
use super::session::Session;

/// The directive's name.
const DIRECTIVE: &str = "idempotent";
/// The longest idempotency key, in bytes.
const KEY_MAX: usize = 255;

/// What the directive does when its field runs: nothing more than to stand where it means something.
struct Idempotent;

#[async_trait::async_trait]
impl CustomDirective for Idempotent {
    async fn resolve_field(
        &self,
        ctx: &Context<'_>,
        resolve: ResolveFut<'_>,
    ) -> ServerResult<Option<Value>> {
        let mutation = ctx.query_env.operation.node.ty == OperationType::Mutation;
        let root = ctx.path_node.is_some_and(|node| node.parent.is_none());
        if mutation && root {
            return resolve.await;
        }
        let refusal = bad_input(
            "@idempotent",
            "belongs to a field at the root of a mutation",
        );
        Err(ctx.set_error_path(refusal.into_server_error(ctx.item.pos)))
    }
}

/// Makes a command happen once, however often it is sent with this key: the same as
/// `input.idempotencyKey` and the header `Idempotency-Key`, and each command may have its own.
#[Directive(location = "Field")]
pub fn idempotent(
    #[graphql(desc = "At most 255 bytes; of one command of one client.")] key: String,
) -> impl CustomDirective {
    // The key is taken where the command is submitted.
    drop(key);
    Idempotent
}

/// The key of a command, scoped to its client. Carriers that disagree are refused: which of them is
/// meant, nobody can tell.
pub(super) fn key(
    ctx: &Context<'_>,
    session: &Session,
    of_input: Option<String>,
) -> Result<Option<IdempotencyKey>> {
    let of_header = session.caller().idempotency_key.clone();
    let mut keys = [of_directive(ctx)?, of_input, of_header]
        .into_iter()
        .flatten();
    let Some(key) = keys.next() else {
        return Ok(None);
    };
    if keys.any(|other| other != key) {
        let message = "the directive, the input and the header must agree";
        return Err(bad_input("idempotencyKey", message));
    }
    if key.is_empty() || key.len() > KEY_MAX || key.chars().any(char::is_control) {
        let message = "must be 1 to 255 bytes without control characters";
        return Err(bad_input("idempotencyKey", message));
    }
    Ok(Some(IdempotencyKey {
        client: session.requester().client().to_owned(),
        key,
        permanent: false,
    }))
}

fn of_directive(ctx: &Context<'_>) -> Result<Option<String>> {
    if ctx.item.node.directives.is_empty() {
        return Ok(None);
    }
    let directives = ctx.field().directives()?;
    let own = directives.iter().find(|it| it.name.node == DIRECTIVE);
    let key = own.and_then(|directive| directive.get_argument("key"));
    Ok(match key.map(|key| &key.node) {
        Some(Value::String(key)) => Some(key.clone()),
        _ => None,
    })
}
