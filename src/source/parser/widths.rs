//! Records that have another number of fields than the header.

use super::batch::Span;

/// Handling of records that have another number of fields than the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Widths {
    /// True if the fields that a record lacks are null. If false, the record is set aside.
    pub fill_short: bool,
    /// Handling of records with more fields.
    pub long: LongRecords,
    /// True if a record may end with a delimiter.
    pub trailing_delimiter: bool,
}

/// Handling of records with more fields than the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LongRecords {
    /// The record is set aside.
    #[default]
    SetAside,
    /// The additional fields are dropped.
    DropExtra,
    /// The last column is the rest of the line as it is written, null in records without additional fields.
    KeepExtra,
}

impl Widths {
    /// Makes the record of the fields from `first` on one of `width` fields. `end`: the record's end in the text, without its
    /// line end. Returns the reason if it can't be one.
    pub(super) fn fit(self, spans: &mut Vec<Span>, first: usize, width: usize, end: usize) -> Option<String> {
        if self.trailing_delimiter && spans.len() - first > 1 && spans.last().is_some_and(|last| last.is_blank()) {
            let names = width - usize::from(self.long == LongRecords::KeepExtra);
            if spans.len() - first == names + 1 {
                spans.pop();
            }
        }
        let found = spans.len() - first;
        match self.long {
            LongRecords::DropExtra if found > width => spans.truncate(first + width),
            // The additional column is none of the names.
            LongRecords::KeepExtra if found + 1 == width => spans.push(Span::MISSING),
            LongRecords::KeepExtra if found >= width => {
                let extra = spans[first + width - 1].written_start();
                spans.truncate(first + width - 1);
                spans.push(Span::plain(extra, end));
            }
            _ if self.fill_short && found < width => spans.resize(first + width, Span::MISSING),
            _ if found != width => return Some(wrong_width(found, width - usize::from(self.long == LongRecords::KeepExtra))),
            _ => {}
        }
        None
    }
}

fn wrong_width(found: usize, width: usize) -> String {
    let plural = if found == 1 { "" } else { "s" };
    format!("{found} field{plural}, where the header has {width}")
}
