//! Bar charts over dates.

use indicatif::HumanCount;

/// Width of a date, in the units of the drawing.
const STEP: usize = 10;
/// Height of the highest bar, in the units of the drawing.
const HEIGHT: u64 = 100;

/// A chart with a bar for each date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chart {
    /// Unit of the numbers.
    pub(super) unit: String,
    /// The highest number.
    pub(super) most: u64,
    pub(super) bars: Vec<Bar>,
}

/// A bar for one number. A date without a number has a bar of height 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bar {
    pub(super) x: usize,
    pub(super) height: u64,
    /// Tooltip text.
    pub(super) told: String,
}

impl Bar {
    /// Returns the distance between the top of the bar and the top of the drawing.
    pub(super) fn y(&self) -> u64 {
        HEIGHT - self.height
    }
}

impl Chart {
    /// Creates a chart from labels of dates or months, each with its number.
    pub(super) fn of(unit: &str, numbers: impl Iterator<Item = (String, Option<u64>)>) -> Self {
        let numbers: Vec<_> = numbers.collect();
        let most = numbers.iter().filter_map(|(_, number)| *number).max().unwrap_or_default();
        let bar = |(place, (date, number)): (usize, &(String, Option<u64>))| Bar {
            x: place * STEP,
            height: number.map_or(0, |number| height(number, most)),
            told: match number {
                Some(number) => format!("{date}: {} {unit}", HumanCount(*number)),
                None => format!("{date}: nothing published"),
            },
        };
        Self { unit: unit.to_owned(), most, bars: numbers.iter().enumerate().map(bar).collect() }
    }

    pub(super) fn most_told(&self) -> HumanCount {
        HumanCount(self.most)
    }

    pub(super) fn width(&self) -> usize {
        self.bars.len() * STEP
    }
}

/// Returns the height of a bar. Any number above 0 gets at least 2 units, so that it is visible.
fn height(number: u64, most: u64) -> u64 {
    match number {
        0 => 0,
        number => u64::try_from(u128::from(number) * u128::from(HEIGHT) / u128::from(most.max(1))).unwrap_or(HEIGHT).max(2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_high_as_their_numbers() {
        let date = |day: usize| format!("2024-05-{day:02}").parse().unwrap();
        let numbers = [Some(1000), None, Some(0), Some(1), Some(500)];
        let chart = Chart::of("rows", numbers.into_iter().enumerate().map(|(i, number)| (date(i + 1), number)));
        let heights: Vec<_> = chart.bars.iter().map(|bar| (bar.x, bar.height, bar.y())).collect();
        assert_eq!(heights, [(0, 100, 0), (10, 0, 100), (20, 0, 100), (30, 2, 98), (40, 50, 50)]);
        let told: Vec<_> = chart.bars.iter().take(2).map(|bar| bar.told.as_str()).collect();
        assert_eq!(told, ["2024-05-01: 1,000 rows", "2024-05-02: nothing published"]);
        assert_eq!((chart.width(), chart.most), (50, 1000));
    }

    #[test]
    fn the_largest_numbers_are_drawn() {
        assert_eq!((height(u64::MAX, u64::MAX), height(0, 0)), (100, 0));
    }
}
