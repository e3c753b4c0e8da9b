//! `entrepot demo`

use std::fmt::Write as _;
use std::path::Path;

use entrepot_event_store::clock;
use tokio_util::sync::CancellationToken;

use super::output::say;
use super::{CliResult, import, token};
use crate::auth::Role;
use crate::config::Place;
use crate::demo;
use crate::import::progress;
use crate::process::{self, Workers};
use crate::server::{self, ServeArgs, stop_on_signal};

/// The channel whose orders the demo's partner sees.
const PARTNER_CHANNEL: &str = "marketplace";

pub(super) async fn run(place: &Place, args: &ServeArgs) -> CliResult {
    let stop = stop_on_signal();
    process::migrate(place).await?;
    let app = process::open(place, &stop).await?;
    let workers = Workers::start(&app.store);
    let progress = progress::on_stderr();
    let filling = demo::fill(&app.store, &app.vault, clock::instant(), progress.as_ref());
    let Some(filled) = stop.run_until_cancelled(filling).await else {
        workers.stop().await;
        return Err("stopped while the demo was being filled; start it again to go on".into());
    };
    let tenants = filled?;
    for (tenant, _) in &tenants {
        import::caught_up(&app.store, *tenant, &CancellationToken::new()).await?;
    }
    workers.stop().await;
    let slugs: Vec<&str> = tenants.iter().map(|(_, slug)| *slug).collect();
    let notes = notes(place, &slugs, &args.explorer)?;
    Ok(server::serve(app, args, stop, |address| {
        say(notes.replace("{address}", &address.to_string()));
    })
    .await?)
}

/// What somebody new needs: the address, a link to the explorer for each role, three commands to try.
fn notes(
    place: &Place,
    slugs: &[&str],
    explorer: &Path,
) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let mut notes = String::from("\nEntrepot serves http://{address}/graphql\n");
    if !explorer.join("index.html").exists() {
        notes.push_str(
            "The explorer is not built yet: run scripts/explorer once, meanwhile or later.\n",
        );
    }
    for slug in slugs {
        let _ = writeln!(
            notes,
            "\nThe explorer as one of tenant {slug}; the links are good for a day:"
        );
        for role in Role::ALL {
            let channels: &[&str] = if role == Role::Partner {
                &[PARTNER_CHANNEL]
            } else {
                &[]
            };
            let token = token::for_role(place, slug, role, channels)?;
            let _ = writeln!(
                notes,
                "  {:<9} http://{{address}}/#token={token}",
                role.name()
            );
        }
    }
    let first = slugs.first().copied().unwrap_or_default();
    let finance = token::for_role(place, first, Role::Finance, &[])?;
    let commerce = token::for_role(place, first, Role::Commerce, &[])?;
    let _ = writeln!(
        notes,
        r#"
Or, in another terminal:

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
    );
    Ok(notes)
}
