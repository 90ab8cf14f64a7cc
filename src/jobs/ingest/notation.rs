//! Notation of a source's values, from settings.

use jiff::tz::TimeZone;

use crate::config::ValueSettings;
use crate::schema::fit::{BooleanWords, ClockRules, DateFormats, Formats, NumberFormat, TimestampFormats};

/// Returns the notation by a column's settings, else by those of all columns.
///
/// # Errors
/// The name of a wrong setting, and the reason.
pub(super) fn notation(own: &ValueSettings, all: &ValueSettings) -> Result<Formats, (&'static str, String)> {
    fn either<T: Clone + Default>(own: Option<&T>, all: Option<&T>) -> T {
        own.or(all).cloned().unwrap_or_default()
    }
    let zone = own.time_zone.as_ref().or(all.time_zone.as_ref());
    let clock = ClockRules {
        zone: zone.map(|name| time_zone(name)).transpose().map_err(|reason| ("time_zone", reason))?,
        ambiguous: either(own.ambiguous_time.as_ref(), all.ambiguous_time.as_ref()),
        nanoseconds: either(own.nanoseconds.as_ref(), all.nanoseconds.as_ref()),
    };
    let dates = DateFormats::new(&either(own.date_formats.as_ref(), all.date_formats.as_ref()))
        .map_err(|reason| ("date_formats", reason))?;
    let timestamps = TimestampFormats::new(&either(own.timestamp_formats.as_ref(), all.timestamp_formats.as_ref()));
    let numbers = NumberFormat {
        decimal: own.decimal.or(all.decimal),
        thousands: own.thousands.or(all.thousands),
        currency: either(own.currency.as_ref(), all.currency.as_ref()),
        percent: either(own.percent.as_ref(), all.percent.as_ref()),
        accounting: either(own.accounting.as_ref(), all.accounting.as_ref()),
        implied_decimals: either(own.implied_decimals.as_ref(), all.implied_decimals.as_ref()),
    };
    check(&numbers)?;
    let truths = either(own.true_values.as_ref(), all.true_values.as_ref());
    let falsehoods = either(own.false_values.as_ref(), all.false_values.as_ref());
    let is_false = |word: &&String| falsehoods.iter().any(|other| other.to_lowercase() == word.to_lowercase());
    if let Some(both) = truths.iter().find(is_false) {
        return Err(("true_values", format!("`{both}` stands in `false_values` too")));
    }
    Ok(Formats {
        dates,
        timestamps: timestamps.map_err(|reason| ("timestamp_formats", reason))?.by_clock(clock),
        numbers,
        booleans: BooleanWords::new(&truths, &falsehoods),
    })
}

/// Returns a time zone by its name.
fn time_zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name).map_err(|_| {
        let last = name.rsplit('/').next().unwrap_or(name).replace(' ', "_").to_lowercase();
        let known = jiff::tz::db().available().map(|known| known.to_string());
        let mut alike = known.filter(|known| known.rsplit('/').next().is_some_and(|city| city.to_lowercase() == last));
        let nearest = alike.next().map(|known| format!("; did you mean `{known}`?")).unwrap_or_default();
        format!("`{name}` is no name of a time zone in the IANA database{nearest}")
    })
}

fn check(numbers: &NumberFormat) -> Result<(), (&'static str, String)> {
    let NumberFormat { decimal, thousands, .. } = numbers;
    if let Some(sign) = decimal.filter(|sign| !".,".contains(*sign)) {
        return Err(("decimal", format!("`{sign}` is neither `.` nor `,`")));
    }
    if let Some(sign) = thousands.filter(|sign| !".,' ".contains(*sign)) {
        return Err(("thousands", format!("`{sign}` is none of `.`, `,`, `'` and a space")));
    }
    if thousands.is_some_and(|sign| sign == decimal.unwrap_or('.')) {
        return Err(("thousands", "it is the decimal sign too; set `decimal`".to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_has_what_it_does_not_set_from_all() {
        let all = ValueSettings {
            decimal: Some(','),
            thousands: Some('.'),
            time_zone: Some("Europe/Berlin".into()),
            ..ValueSettings::default()
        };
        let own = ValueSettings { thousands: Some(' '), ..ValueSettings::default() };
        let formats = notation(&own, &all).unwrap();
        assert_eq!((formats.integer(b"1 000"), formats.integer(b"1.000")), (Some(1000), None));
        assert_eq!(formats.timestamps.parse(b"1970-01-01 01:00:00"), Some(0));
    }

    #[test]
    fn signs_that_contradict_each_other_are_refused() {
        let wrong = |decimal, thousands| {
            notation(&ValueSettings { decimal, thousands, ..ValueSettings::default() }, &ValueSettings::default())
        };
        assert_eq!(wrong(None, Some('.')).unwrap_err().0, "thousands");
        assert_eq!(wrong(Some(','), Some(',')).unwrap_err().0, "thousands");
        assert_eq!(wrong(Some(';'), None).unwrap_err().0, "decimal");
        let zone = ValueSettings { time_zone: Some("Mars/Base".into()), ..ValueSettings::default() };
        assert_eq!(notation(&zone, &zone).unwrap_err().0, "time_zone");
        let berlin = ValueSettings { time_zone: Some("berlin".into()), ..ValueSettings::default() };
        assert!(notation(&berlin, &berlin).unwrap_err().1.ends_with("did you mean `Europe/Berlin`?"));
    }
}
