//! `entrepot demo`

use std::io::IsTerminal as _;

use tokio_util::sync::CancellationToken;

use super::output::{counter, say};
use super::{CliResult, import, token};
use crate::auth::Role;
use crate::config::Place;
use crate::demo::{self, SLUGS};
use crate::process::{self, Workers};
use crate::server::{self, ServeArgs, stop_on_signal};

/// The channel whose orders the demo's partner sees.
const PARTNER_CHANNEL: &str = "marketplace";

pub(super) async fn run(place: &Place, args: &ServeArgs) -> CliResult {
    let stop = stop_on_signal();
    process::migrate(place).await?;
    let app = process::open(place, &stop).await?;
    let workers = Workers::start(&app.store, false);
    let bar = counter("filling the demo", demo::COMMANDS);
    let filled = stop.run_until_cancelled(demo::fill(&app.store, &app.vault, &|| bar.inc(1))).await;
    bar.finish_and_clear();
    let Some(filled) = filled else {
        workers.stop().await;
        return Err("stopped while the demo was being filled; start it again to go on".into());
    };
    filled?;
    for slug in SLUGS {
        import::caught_up(&app.store, app.store.tenant(slug).await?, &CancellationToken::new()).await?;
    }
    workers.stop().await;
    let notes = notes(place)?;
    Ok(server::serve(app, args, stop, |address| say(notes.replace("{address}", &address.to_string()))).await?)
}

/// What somebody new needs: the address, a token for each role, three commands to try.
fn notes(place: &Place) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let mut notes = String::from("\nEntrepot serves http://{address}/graphql\n");
    for slug in SLUGS {
        notes.push_str(&format!("\nTokens of tenant {slug}, good for a day:\n"));
        for role in Role::ALL {
            let channels: &[&str] = if role == Role::Partner { &[PARTNER_CHANNEL] } else { &[] };
            let token = token::for_role(place, slug, role, channels)?;
            notes.push_str(&format!("  {:<9} {token}\n", role.name()));
        }
    }
    let finance = token::for_role(place, SLUGS[0], Role::Finance, &[])?;
    let commerce = token::for_role(place, SLUGS[0], Role::Commerce, &[])?;
    notes.push_str(&format!(
        r#"
Try, in another terminal:

  # the newest orders with their lines
  curl -s http://{{address}}/graphql -H 'content-type: application/json' -H 'authorization: Bearer {commerce}' \
    -d '{{"query":"{{ orders(first: 3) {{ nodes {{ id status totals {{ total {{ amount }} }} lines {{ sku quantity }} }} }} }}"}}'

  # margins by channel, which finance may see
  curl -s http://{{address}}/graphql -H 'content-type: application/json' -H 'authorization: Bearer {finance}' \
    -d '{{"query":"{{ marginSums(groupBy: [CHANNEL]) {{ channel net {{ amount }} grossMargin {{ amount }} }} }}"}}'

  # orders live: leave it running and place or hold an order meanwhile
  curl -sN http://{{address}}/graphql -H 'accept: text/event-stream' -H 'content-type: application/json' -H 'authorization: Bearer {commerce}' \
    -d '{{"query":"subscription {{ orderChanged(position: \"0\") {{ cursor eventType order {{ id status }} }} }}"}}'
"#
    ));
    if !std::io::stdout().is_terminal() {
        notes.push('\n');
    }
    Ok(notes)
}
