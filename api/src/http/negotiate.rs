//! Which media type an answer may have (RFC 9110 section 12.5.1, GraphQL over HTTP).

use axum::http::{HeaderMap, header};

use super::refusal::Refusal;

/// How one result is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Media {
    /// `application/json`: 200 for whatever was a GraphQL request.
    #[default]
    Json,
    /// `application/graphql-response+json`: the status tells.
    GraphqlResponse,
}

impl Media {
    pub(super) const fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json; charset=utf-8",
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
        }
    }
}

/// How many results are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Streaming {
    /// `text/event-stream`.
    Events,
    /// `multipart/mixed;subscriptionSpec=1.0`.
    Multipart,
}

/// What the client accepts, of what there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Accepted {
    pub single: Option<Media>,
    pub streaming: Option<Streaming>,
    /// `application/json;callbackSpec=1.0`: results may be posted to where the request says.
    pub callback: bool,
}

impl Accepted {
    /// Reads the header `accept`. Without one, any JSON client of old is meant.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        if !headers.contains_key(header::ACCEPT) {
            return Self {
                single: Some(Media::Json),
                streaming: None,
                callback: false,
            };
        }
        let mut single = Best::default();
        let mut streaming = Best::default();
        let mut callback = false;
        for line in headers.get_all(header::ACCEPT) {
            for range in line.to_str().unwrap_or_default().split(',') {
                let range = Range::parse(range);
                callback |= range.callbacks && range.weight > 0;
                match range.name.as_str() {
                    "application/graphql-response+json" => {
                        single.offer(Media::GraphqlResponse, range.weight);
                    }
                    "application/json" | "application/*" | "*/*" => {
                        single.offer(Media::Json, range.weight);
                    }
                    "text/event-stream" | "text/*" => {
                        streaming.offer(Streaming::Events, range.weight);
                    }
                    "multipart/mixed" if range.subscriptions => {
                        streaming.offer(Streaming::Multipart, range.weight);
                    }
                    _ => {}
                }
            }
        }
        Self {
            single: single.choice(),
            streaming: streaming.choice(),
            callback,
        }
    }
}

/// The first of the heaviest.
struct Best<T>(Option<(T, u16)>);

impl<T> Default for Best<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Best<T> {
    fn offer(&mut self, item: T, weight: u16) {
        if weight > self.0.as_ref().map_or(0, |(_, best)| *best) {
            self.0 = Some((item, weight));
        }
    }

    fn choice(self) -> Option<T> {
        self.0.map(|(item, _)| item)
    }
}

struct Range {
    name: String,
    /// Thousandths.
    weight: u16,
    /// Parameter `subscriptionSpec=1.0` is there.
    subscriptions: bool,
    /// Parameter `callbackSpec=1.0` is there.
    callbacks: bool,
}

impl Range {
    fn parse(text: &str) -> Self {
        let mut parts = text.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default().to_ascii_lowercase();
        let mut range = Self {
            name,
            weight: 1_000,
            subscriptions: false,
            callbacks: false,
        };
        for (key, value) in parts.filter_map(|part| part.split_once('=')) {
            let value = value.trim().trim_matches('"');
            match key.trim().to_ascii_lowercase().as_str() {
                "q" => range.weight = thousandths(value),
                "subscriptionspec" => range.subscriptions = value.starts_with("1."),
                "callbackspec" => range.callbacks = value.starts_with("1."),
                _ => {}
            }
        }
        range
    }
}

/// A quality of RFC 9110: 0 to 1 with up to three decimals. What is none counts as 1.
fn thousandths(quality: &str) -> u16 {
    match quality.split_once('.') {
        None if quality == "0" => 0,
        Some(("0", decimals)) if decimals.len() <= 3 => {
            format!("{decimals:0<3}").parse().unwrap_or(1_000)
        }
        None | Some(_) => 1_000,
    }
}

/// Refuses a body that is not JSON in UTF-8 as it stands. Nothing else may be posted, so that no
/// web page can send a command without asking first (CSRF).
pub(super) fn check_content(headers: &HeaderMap) -> Result<(), Refusal> {
    let refuse = |message: &str| {
        let status = axum::http::StatusCode::UNSUPPORTED_MEDIA_TYPE;
        Err(Refusal::transport(
            status,
            "UNSUPPORTED_MEDIA_TYPE",
            message,
        ))
    };
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if text(header::CONTENT_ENCODING).is_some_and(|it| !it.eq_ignore_ascii_case("identity")) {
        return refuse("the body must not be compressed");
    }
    let mut parts = text(header::CONTENT_TYPE)
        .unwrap_or_default()
        .split(';')
        .map(str::trim);
    if !parts
        .next()
        .unwrap_or_default()
        .eq_ignore_ascii_case("application/json")
    {
        return refuse("the content type must be application/json");
    }
    for (name, value) in parts.filter_map(|part| part.split_once('=')) {
        let value = value.trim_matches('"');
        if name.eq_ignore_ascii_case("charset") && !value.eq_ignore_ascii_case("utf-8") {
            return refuse("the charset must be utf-8");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(accept: &str) -> (Option<Media>, Option<Streaming>) {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, accept.parse().unwrap());
        let accepted = Accepted::of(&headers);
        (accepted.single, accepted.streaming)
    }

    #[test]
    fn the_heaviest_type_wins_and_then_the_first() {
        let json = Some(Media::Json);
        let graphql = Some(Media::GraphqlResponse);
        for (accept, single) in [
            ("*/*", json),
            ("application/*;q=0.5", json),
            (
                "application/graphql-response+json, application/json;q=0.9",
                graphql,
            ),
            ("application/json, application/graphql-response+json", json),
            (
                "application/json;q=0.25, application/graphql-response+json;q=0.3",
                graphql,
            ),
            ("application/json; charset=utf-8", json),
            ("application/json;q=0", None),
            ("text/html", None),
            ("", None),
        ] {
            assert_eq!(accepted(accept), (single, None), "{accept}");
        }
        assert_eq!(Accepted::of(&HeaderMap::new()).single, json);
    }

    #[test]
    fn streams_are_a_choice_of_their_own() {
        let events = Some(Streaming::Events);
        let multipart = Some(Streaming::Multipart);
        assert_eq!(accepted("text/event-stream"), (None, events));
        let apollo =
            "multipart/mixed;boundary=\"graphql\";subscriptionSpec=\"1.0\",application/json";
        assert_eq!(accepted(apollo), (Some(Media::Json), multipart));
        let loader = "application/json, multipart/mixed, text/event-stream";
        assert_eq!(accepted(loader), (Some(Media::Json), events));
    }

    #[test]
    fn only_plain_json_is_posted() {
        let check = |name, value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
            headers.insert(name, value.parse().unwrap());
            check_content(&headers).is_ok()
        };
        assert!(check(
            header::CONTENT_TYPE,
            "Application/JSON; charset=\"UTF-8\""
        ));
        assert!(check(header::CONTENT_ENCODING, "identity"));
        for wrong in [
            "text/plain",
            "application/json; charset=latin1",
            "multipart/form-data",
        ] {
            assert!(!check(header::CONTENT_TYPE, wrong), "{wrong}");
        }
        assert!(!check(header::CONTENT_ENCODING, "gzip"));
        assert!(check_content(&HeaderMap::new()).is_err());
    }
}
