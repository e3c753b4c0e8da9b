//! Where a router wants results, checked before anything is sent.

use std::time::Duration;

use async_graphql::{Request, from_value};
use axum::http::{StatusCode, Uri, uri::Authority};
use serde::Deserialize;

use super::super::refusal::Refusal;

/// Longest address, id or verifier in bytes.
const TEXT_BYTES_MAX: usize = 2048;
/// Bounds of the interval between two heartbeats.
const HEARTBEAT_MS: std::ops::RangeInclusive<u64> = 500..=3_600_000;

/// A host of the allow list is none.
#[derive(Debug, thiserror::Error)]
#[error("{0} is no host to call back: write host or host:port")]
pub struct HostError(String);

/// Hosts that may be called, each with its port; without one, the port of the scheme.
#[derive(Debug)]
pub(super) struct Hosts(Vec<(String, Option<u16>)>);

impl Hosts {
    pub(super) fn parse(hosts: &[String]) -> Result<Self, HostError> {
        let hosts = hosts.iter().map(|text| text.trim());
        let host = |text: &str| {
            let refused = || HostError(text.to_owned());
            let authority: Authority = text.parse().map_err(|_| refused())?;
            let port = authority.port_u16();
            // What is behind the host must be a port and nothing else, and no user before it.
            let whole = port.map_or_else(
                || authority.host().to_owned(),
                |port| format!("{}:{port}", authority.host()),
            );
            if whole != text || authority.host().is_empty() {
                return Err(refused());
            }
            Ok((authority.host().to_ascii_lowercase(), port))
        };
        let hosts = hosts.filter(|text| !text.is_empty()).map(host);
        hosts.collect::<Result<_, _>>().map(Self)
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn allow(&self, url: &Uri) -> bool {
        let (Some(authority), Some(scheme)) = (url.authority(), url.scheme_str()) else {
            return false;
        };
        let default = match scheme {
            "http" => 80,
            "https" => 443,
            _ => return false,
        };
        let port = authority.port_u16().unwrap_or(default);
        let host = authority.host();
        !authority.as_str().contains('@')
            && self.0.iter().any(|(known, wanted)| {
                known.eq_ignore_ascii_case(host) && wanted.unwrap_or(default) == port
            })
    }
}

/// What a router asks for.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) url: Uri,
    /// The router's name of the subscription.
    pub(super) id: String,
    /// Proves to the router that it is we who call.
    pub(super) verifier: String,
    /// Between two heartbeats; `None` if the router wants none.
    pub(super) heartbeat: Option<Duration>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Given {
    callback_url: String,
    subscription_id: String,
    verifier: String,
    #[serde(default)]
    heartbeat_interval_ms: u64,
}

impl Target {
    /// Reads `extensions.subscription`.
    pub(super) fn of(request: &Request, hosts: &Hosts) -> Result<Self, Refusal> {
        let given = request.extensions.get("subscription").cloned();
        let given = given.ok_or_else(|| bad("subscription", "is missing"))?;
        let given: Given = from_value(given).map_err(|_| {
            let wanted = "must have callbackUrl, subscriptionId, verifier and heartbeatIntervalMs";
            bad("subscription", wanted)
        })?;
        for (name, text) in [
            ("callbackUrl", &given.callback_url),
            ("subscriptionId", &given.subscription_id),
            ("verifier", &given.verifier),
        ] {
            if text.is_empty() || text.len() > TEXT_BYTES_MAX {
                return Err(bad(name, "must have 1 to 2048 bytes"));
            }
        }
        let url: Uri = given
            .callback_url
            .parse()
            .map_err(|_| bad("callbackUrl", "is no address"))?;
        if !hosts.allow(&url) {
            let message = "extensions.subscription.callbackUrl: this host may not be called";
            return Err(Refusal::transport(
                StatusCode::FORBIDDEN,
                "FORBIDDEN",
                message,
            ));
        }
        let heartbeat = match given.heartbeat_interval_ms {
            0 => None,
            interval if HEARTBEAT_MS.contains(&interval) => Some(Duration::from_millis(interval)),
            _ => {
                let wanted = "must be 0 for none, or 500 to 3600000";
                return Err(bad("heartbeatIntervalMs", wanted));
            }
        };
        Ok(Self {
            url,
            id: given.subscription_id,
            verifier: given.verifier,
            heartbeat,
        })
    }
}

fn bad(name: &str, wrong: &str) -> Refusal {
    let place = match name {
        "subscription" => "extensions.subscription".to_owned(),
        name => format!("extensions.subscription.{name}"),
    };
    Refusal::request("BAD_USER_INPUT", format!("{place} {wrong}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(list: &[&str]) -> Result<Hosts, HostError> {
        Hosts::parse(&list.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn only_named_hosts_are_called_at_their_ports() {
        let hosts = hosts(&["router.example", "10.0.0.5:4000", "[::1]:4000", ""]).unwrap();
        for (url, allowed) in [
            ("https://router.example/callback/1", true),
            ("http://ROUTER.example/callback/1", true),
            ("http://router.example:80/", true),
            ("http://10.0.0.5:4000/callback", true),
            ("http://[::1]:4000/callback", true),
            ("http://router.example:443/", false),
            ("http://router.example:4000/", false),
            ("http://10.0.0.5/", false),
            ("http://router.example.evil.example/", false),
            ("http://evil.example/router.example", false),
            ("http://router.example@evil.example/", false),
            ("http://evil.example@router.example/", false),
            ("http://user:pass@router.example/", false),
            ("http://router.example./", false),
            ("http://169.254.169.254/latest/meta-data", false),
            ("http://0x0a000005:4000/", false),
            ("http://localhost:4000/", false),
            ("ftp://router.example/", false),
            ("file:///etc/passwd", false),
            ("/callback", false),
            ("router.example", false),
        ] {
            let allow = url.parse::<Uri>().is_ok_and(|url| hosts.allow(&url));
            assert_eq!(allow, allowed, "{url}");
        }
    }

    #[test]
    fn what_is_no_host_is_refused() {
        assert!(hosts(&["", " "]).unwrap().is_empty());
        for wrong in [
            "http://router.example",
            "router.example/path",
            "a b",
            "user@router.example",
            "router.example:x",
            ":4000",
        ] {
            assert!(hosts(&[wrong]).is_err(), "{wrong}");
        }
    }
}
