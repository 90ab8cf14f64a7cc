//! A module's listed formats of dates and timestamps, in Spark's SQL.
//!
//! Spark's own patterns are another language than `strptime`'s, and tolerate other deviations. So only formats are translated in
//! which each field has a fixed position, as in `%d/%m/%Y`: their fields are put in the order of ISO 8601, and texts that are
//! written otherwise, such as `1/2/2024`, are left to adg.

use std::collections::BTreeMap;

use crate::schema::ColumnType;

use super::sql::{matches, text};

/// A year from 1 on: readers differ on those before it.
pub(super) const YEAR: &str = "(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])";

/// Returns expressions for the value of the text `t` by each of these formats, in their order, up to the first whose fields have
/// no fixed position.
pub(super) fn by_formats(ty: &ColumnType, t: &str, formats: &[String]) -> Vec<String> {
    let fixed = formats.iter().map_while(|format| Fixed::of(format, *ty == ColumnType::Timestamp));
    fixed.map(|fixed| format!("CASE WHEN {} THEN try_cast({} AS {ty}) END", matches(t, &fixed.pattern), fixed.iso(t))).collect()
}

/// A format whose fields have fixed positions.
#[derive(Debug, PartialEq, Eq)]
struct Fixed {
    /// Regular expression of a text in this format.
    pattern: String,
    /// Position, from 1, and number of each directive's digits.
    fields: BTreeMap<char, (usize, usize)>,
}

impl Fixed {
    /// Parses a format; none if a field has no fixed position, or is not part of a date or, if `with_time`, a time.
    fn of(format: &str, with_time: bool) -> Option<Self> {
        let format = format.replace("%F", "%Y-%m-%d").replace("%T", "%H:%M:%S").replace("%R", "%H:%M");
        let (mut fixed, mut place) = (Self { pattern: String::new(), fields: BTreeMap::new() }, 1);
        let mut chars = format.chars();
        while let Some(c) = chars.next() {
            let (pattern, width) = match c {
                '%' => {
                    let directive = chars.next()?;
                    let (digits, width) = match directive {
                        'Y' => (YEAR, 4),
                        'd' | 'm' => ("[0-9]{2}", 2),
                        'H' | 'M' if with_time => ("[0-9]{2}", 2),
                        'S' if with_time => ("[0-5][0-9]", 2),
                        _ => return None,
                    };
                    if fixed.fields.insert(directive, (place, width)).is_some() {
                        return None;
                    }
                    (digits.to_owned(), width)
                }
                '/' | '.' | '-' | '_' | ':' | ',' | ' ' => (format!("[{c}]"), 1),
                _ => return None,
            };
            fixed.pattern += &pattern;
            place += width;
        }
        matches!(fixed.fields.keys().collect::<String>().as_str(), "Ydm" | "HMYdm" | "HMSYdm").then_some(fixed)
    }

    /// Returns an expression for such a text in ISO 8601.
    fn iso(&self, t: &str) -> String {
        let parts = [('Y', ""), ('m', "-"), ('d', "-"), ('H', " "), ('M', ":"), ('S', ":")];
        let parts = parts.iter().filter_map(|(directive, before)| {
            let (place, width) = self.fields.get(directive)?;
            Some(format!("{}, substring({t}, {place}, {width})", text(before)))
        });
        // Without seconds Spark has no time at all.
        let seconds = if self.fields.contains_key(&'H') && !self.fields.contains_key(&'S') { ", ':00'" } else { "" };
        format!("concat({}{seconds})", parts.collect::<Vec<_>>().join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_fixed_places_are_put_in_order() {
        let fixed = Fixed::of("%d/%m/%Y %R", true).unwrap();
        assert_eq!(fixed.pattern, format!("[0-9]{{2}}[/][0-9]{{2}}[/]{YEAR}[ ][0-9]{{2}}[:][0-9]{{2}}"));
        let (day, time) = (
            "'', substring(t, 7, 4), '-', substring(t, 4, 2), '-', substring(t, 1, 2)",
            "' ', substring(t, 12, 2), ':', substring(t, 15, 2)",
        );
        assert_eq!(fixed.iso("t"), format!("concat({day}, {time}, ':00')"));
        assert_eq!(Fixed::of("%d.%m.%Y", false).unwrap().iso("t"), format!("concat({day})"));
    }

    #[test]
    fn all_other_formats_are_left_to_adg() {
        for other in ["%d/%m/%y", "%-d/%m/%Y", "%d %b %Y", "%d/%m/%Y %H", "%d/%m/%Y %Y", "%m/%Y", "%d/%m/%Y %H:%M:%S%.f", "on %F"]
        {
            assert_eq!(Fixed::of(other, true), None, "{other}");
        }
        assert_eq!(Fixed::of("%F %T", false), None);
        let formats = ["%d/%m/%Y", "%d %b %Y", "%m-%d-%Y"].map(str::to_owned);
        assert_eq!(by_formats(&ColumnType::Date, "t", &formats).len(), 1);
    }
}
