//! Figures: a value a round, and their median.
#![expect(clippy::float_arithmetic, reason = "figures, not money")]

use std::fmt;
use std::time::Duration;

use serde::Serialize;

/// Something measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Figure {
    #[serde(rename = "figure")]
    name: &'static str,
    /// The median of the rounds.
    value: f64,
    unit: &'static str,
    scenario: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    clients: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenants: Option<usize>,
    /// What of: a read model, a peer.
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<String>,
    database: &'static str,
    rounds: Vec<f64>,
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:28}{:>12} {:6}", self.name, self.value, self.unit)?;
        if let Some(clients) = self.clients {
            write!(f, " {clients} clients")?;
        }
        if let Some(tenants) = self.tenants {
            write!(f, " {tenants} tenants")?;
        }
        if let Some(of) = &self.of {
            write!(f, " {of}")?;
        }
        write!(f, " {} {:?}", self.database, self.rounds)
    }
}

/// What a value was measured with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Setting<'a> {
    pub(super) clients: Option<usize>,
    pub(super) tenants: Option<usize>,
    pub(super) of: Option<&'a str>,
}

impl<'a> Setting<'a> {
    pub(super) const fn of_load(clients: usize, tenants: usize) -> Self {
        Self {
            clients: Some(clients),
            tenants: Some(tenants),
            of: None,
        }
    }

    pub(super) const fn of(what: &'a str) -> Self {
        Self {
            clients: None,
            tenants: None,
            of: Some(what),
        }
    }
}

/// The values of a scenario, round after round.
#[derive(Debug)]
pub(super) struct Series {
    scenario: String,
    database: &'static str,
    figures: Vec<Figure>,
}

impl Series {
    pub(super) const fn new(scenario: String, database: &'static str) -> Self {
        Self {
            scenario,
            database,
            figures: Vec::new(),
        }
    }

    /// Adds the next round's value of a figure.
    pub(super) fn add(
        &mut self,
        figure: &'static str,
        unit: &'static str,
        setting: Setting<'_>,
        value: f64,
    ) {
        let Setting {
            clients,
            tenants,
            of,
        } = setting;
        let value = readable(value);
        tracing::info!(figure, value, unit, clients, tenants, of, "measured");
        let known = self.figures.iter_mut().find(|known| {
            (known.name, known.clients, known.tenants) == (figure, clients, tenants)
                && known.of.as_deref() == of
        });
        if let Some(known) = known {
            known.rounds.push(value);
            return;
        }
        self.figures.push(Figure {
            name: figure,
            value,
            unit,
            scenario: self.scenario.clone(),
            clients,
            tenants,
            of: of.map(str::to_owned),
            database: self.database,
            rounds: vec![value],
        });
    }

    /// Every figure with its median.
    pub(super) fn figures(self) -> Vec<Figure> {
        let mut figures = self.figures;
        for figure in &mut figures {
            figure.value = readable(median(&figure.rounds));
        }
        figures
    }
}

/// Three digits behind the point.
fn readable(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        count if count % 2 == 1 => sorted[count / 2],
        count => f64::midpoint(sorted[count / 2 - 1], sorted[count / 2]),
    }
}

/// A count as a number to calculate figures with.
pub(super) fn number(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}

/// How often a second.
pub(super) fn rate(count: usize, elapsed: Duration) -> f64 {
    number(count) / elapsed.as_secs_f64()
}

/// How many times as much.
pub(super) fn ratio(value: f64, yardstick: f64) -> f64 {
    value / yardstick
}

/// How many there were in a time, at a rate.
pub(super) fn whole(rate: f64, elapsed: Duration) -> usize {
    format!("{:.0}", rate * elapsed.as_secs_f64())
        .parse()
        .unwrap_or_default()
}

pub(super) fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// Microseconds for each of so many.
pub(super) fn micros_each(duration: Duration, count: usize) -> f64 {
    duration.as_secs_f64() * 1e6 / number(count)
}

/// Kibibytes as mebibytes.
pub(super) fn mebibytes(kibibytes: usize) -> f64 {
    number(kibibytes) / 1024.0
}

/// The value that `percent` of the durations do not exceed.
pub(super) fn percentile(durations: &mut [Duration], percent: usize) -> Duration {
    durations.sort_unstable();
    let index = durations.len().saturating_sub(1) * percent / 100;
    durations.get(index).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_the_median_of_its_rounds() {
        let mut series = Series::new("commands".to_owned(), "sqlite");
        for value in [3.0, 1.0, 2.0] {
            series.add("rate", "1/s", Setting::of_load(1, 1), value);
        }
        series.add("rate", "1/s", Setting::of_load(16, 1), 7.0);
        let values: Vec<f64> = series.figures().iter().map(|figure| figure.value).collect();
        assert_eq!(values, [2.0, 7.0]);
    }

    #[test]
    fn a_percentile_is_one_of_the_values() {
        let mut durations: Vec<Duration> = (1..=100).rev().map(Duration::from_millis).collect();
        assert_eq!(percentile(&mut durations, 50), Duration::from_millis(50));
        assert_eq!(percentile(&mut durations, 99), Duration::from_millis(99));
        assert_eq!(percentile(&mut [], 50), Duration::ZERO);
    }
}
