//! When a runner looks for tenants whose log is ahead of their rows, and among how many: often among
//! those that moved of late, seldom among all, and next to never while no log moves.

use std::time::Duration;

use tokio::time::Instant;

/// What moved this long ago or later is looked at by each sweep; longer than two nodes' clocks are
/// ever apart, and than an append takes to commit once it is counted.
pub(crate) const MOVED_WITHIN: Duration = Duration::from_secs(30);
/// Sweeps between two that look at everything, whenever it moved.
const WHOLE: u32 = 20;
/// The same while no log moves: then they only guard against what cannot be.
const WHOLE_AT_REST: u32 = 600;

/// Among which tenants a sweep looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// Among none: no log moves.
    Nowhere,
    /// Among those whose log moved of late.
    OfLate,
    /// Among all.
    Everywhere,
}

/// The rhythm of one runner's sweeps.
#[derive(Debug)]
pub(crate) struct Rhythm {
    moves: Option<i64>,
    moving_until: Instant,
    until_whole: u32,
    /// Whether a move may have been counted and not yet been committed when all tenants were last
    /// looked at.
    unsure: bool,
}

impl Rhythm {
    /// The first sweep looks everywhere.
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            moves: None,
            moving_until: now,
            until_whole: 0,
            unsure: true,
        }
    }

    /// The next sweep looks everywhere, and one soon after: something may have been missed.
    pub(crate) const fn missed(&mut self) {
        self.until_whole = 0;
        self.unsure = true;
    }

    /// What the next sweep looks at. `moves` counts how often logs moved, where the database does.
    pub(crate) fn next(&mut self, moves: Option<i64>, now: Instant) -> Look {
        if moves.is_none() || self.moves.is_some_and(|known| moves != Some(known)) {
            self.moving_until = now + MOVED_WITHIN;
        }
        self.moves = moves;
        let moving = now < self.moving_until;
        if moving {
            self.until_whole = self.until_whole.min(WHOLE);
        }
        match self.until_whole.checked_sub(1) {
            None => Look::Everywhere,
            Some(rest) => {
                self.until_whole = rest;
                if moving { Look::OfLate } else { Look::Nowhere }
            }
        }
    }

    /// A sweep has looked, and found tenants that are behind or none. While there are any, logs count
    /// as moving.
    pub(crate) fn looked(&mut self, look: Look, behind: bool, now: Instant) {
        if behind {
            self.moving_until = now + MOVED_WITHIN;
        }
        if look == Look::Everywhere {
            let soon = std::mem::take(&mut self.unsure) || now < self.moving_until;
            self.until_whole = if soon { WHOLE } else { WHOLE_AT_REST };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What so many sweeps look at, a second apart, none of which finds anything.
    fn looks(rhythm: &mut Rhythm, at: &mut Instant, moves: Option<i64>, sweeps: u32) -> [u32; 3] {
        let mut counts = [0; 3];
        for _ in 0..sweeps {
            let look = rhythm.next(moves, *at);
            rhythm.looked(look, false, *at);
            counts[look as usize] += 1;
            *at += Duration::from_secs(1);
        }
        counts
    }

    #[test]
    fn who_stands_still_is_hardly_looked_at() {
        let mut at = Instant::now();
        let mut rhythm = Rhythm::new(at);
        assert_eq!(looks(&mut rhythm, &mut at, Some(7), 30), [28, 0, 2]);
        assert_eq!(looks(&mut rhythm, &mut at, Some(7), 600), [599, 0, 1]);
    }

    #[test]
    fn a_move_is_followed_for_a_while_and_everywhere_soon() {
        let mut at = Instant::now();
        let mut rhythm = Rhythm::new(at);
        looks(&mut rhythm, &mut at, Some(7), 100);
        assert_eq!(looks(&mut rhythm, &mut at, Some(8), 30), [0, 29, 1]);
        assert_eq!(rhythm.next(Some(8), at), Look::Nowhere);
        assert_eq!(rhythm.next(Some(9), at), Look::OfLate);
    }

    #[test]
    fn tenants_behind_keep_it_looking() {
        let mut at = Instant::now();
        let mut rhythm = Rhythm::new(at);
        looks(&mut rhythm, &mut at, Some(7), 60);
        rhythm.missed();
        assert_eq!(rhythm.next(Some(7), at), Look::Everywhere);
        rhythm.looked(Look::Everywhere, true, at);
        assert_eq!(looks(&mut rhythm, &mut at, Some(7), 21), [0, 20, 1]);
    }

    #[test]
    fn where_moves_are_not_counted_logs_always_move() {
        let mut at = Instant::now();
        let mut rhythm = Rhythm::new(at);
        let [nowhere, of_late, everywhere] = looks(&mut rhythm, &mut at, None, 210);
        assert_eq!((nowhere, of_late, everywhere), (0, 200, 10));
    }
}
