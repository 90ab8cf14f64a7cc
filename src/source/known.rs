//! Checks of a file's header against its table: a page of HTML, another table's file or data without a header would otherwise
//! become rows of nulls, and columns for ever. Pure.

use crate::schema::fit::Formats;
use crate::schema::{ColumnName, TableSchema};

use super::looks::{is_read_by, is_year, looks_like_a_value};
use super::{CsvFormat, Format, Header, HeaderRule, SourceError, TypedFormat, TypedKind, foreign};

/// Columns that the headers of a date's files are compared with.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// Minimum share of the known columns that a file must have, from 0 to 1. 0 disables this check.
    pub min_known: f64,
    /// The columns that the module declares.
    pub declared: &'a TableSchema,
    /// The registered table, if there is one.
    pub table: Option<&'a TableSchema>,
    /// The columns that adg writes itself.
    pub system: &'a [ColumnName],
}

impl Expected<'_> {
    /// Checks the headers of a date's files, in the order in which they are read.
    ///
    /// # Errors
    /// [`SourceError::ForeignHeader`] for the first file that has too few of the known columns, names that look like values, or
    /// another header than the first file.
    pub fn check(&self, headers: &[Header], format: &Format) -> Result<(), SourceError> {
        if self.min_known <= 0.0 {
            return Ok(());
        }
        let first = headers.iter().find(|header| !header.is_blank);
        headers.iter().try_for_each(|header| self.check_one(header, first, format))
    }

    fn check_one(&self, header: &Header, first: Option<&Header>, format: &Format) -> Result<(), SourceError> {
        let foreign = |reason: String| {
            let cause = cause(header, &self.known_names(), format);
            Err(SourceError::ForeignHeader { key: header.key.clone(), reason, cause })
        };
        // A JSON file without records names nothing, and has nothing that could be wrong.
        if header.columns.is_empty() {
            return Ok(());
        }
        if let Some((found, known)) = self.too_few(header) {
            return foreign(format!("it has {found} of the {known} columns that are known of the table"));
        }
        if header.begins_with_names {
            return Err(SourceError::ForeignHeader {
                key: header.key.clone(),
                reason: "its first record has the names of the columns, and would become a row".to_owned(),
                cause: "a file that does have a header (`header: by_position` or `skip_lines: 1` in `source.csv`)".to_owned(),
            });
        }
        if let Format::Typed(TypedFormat { kind: TypedKind::Excel(_), values, .. }) = format {
            let values = self.values(header, &values.formats);
            if 2 * values.len() >= header.names.len() {
                return Err(SourceError::ForeignHeader {
                    key: header.key.clone(),
                    reason: format!("its first line of cells looks like values: {}", values.join(", ")),
                    cause: "a sheet without a line of names, or another range (`source.excel.range`)".to_owned(),
                });
            }
        }
        if let Format::Csv(csv) = format {
            self.must_have_its_width(header, first, csv)?;
            if let Some(found) = header.kind_of_text {
                return Err(SourceError::ForeignHeader {
                    key: header.key.clone(),
                    reason: "its beginning is no record".to_owned(),
                    cause: found.to_owned(),
                });
            }
            if header.is_below_a_title {
                return Err(SourceError::ForeignHeader {
                    key: header.key.clone(),
                    reason: "its first line is one field, and those below it have several".to_owned(),
                    cause: "a title or a comment above the names (`skip_lines: 1` or `comment` in `source.csv`)".to_owned(),
                });
            }
            let is_split = |_: &char| header.names.len() > 1 || !self.has_all(&header.columns);
            if let Some(other) = header.split_by.filter(is_split) {
                return Err(SourceError::ForeignHeader {
                    key: header.key.clone(),
                    reason: format!("each of its lines is one field, though they have {other:?}"),
                    cause: format!(
                        "fields are separated by {other:?} (`source.csv.delimiter`), maybe below a title (`skip_lines`)"
                    ),
                });
            }
            if let Some(line) = header.line.as_ref().filter(|line| **line != header.names) {
                let values: Vec<&str> = line.iter().map(String::as_str).filter(|name| looks_like_a_value(name, false)).collect();
                if 2 * values.len() >= line.len() {
                    return foreign(format!("its first line, which is not used, looks like values: {}", values.join(", ")));
                }
            }
            if header.names.first().is_some_and(|name| markup(name.trim()).is_some()) {
                return foreign("its first line is no header".to_owned());
            }
            let values = self.values(header, &csv.values.formats);
            if 2 * values.len() >= header.names.len() {
                return foreign(format!("its header looks like values: {}", values.join(", ")));
            }
            // Where columns are known, each file has enough of them by now.
            if let Some(first) = first.filter(|_| !self.knows_columns()) {
                let common = first.columns.iter().filter(|column| header.columns.contains(column)).count();
                if self.is_below(common, first.columns.len()) {
                    return foreign(format!("it has {common} of the {} columns of `{}`", first.columns.len(), first.key));
                }
            }
        }
        Ok(())
    }

    fn knows_columns(&self) -> bool {
        !self.declared.is_empty() || self.table.is_some()
    }

    /// Returns (columns found, columns known) if the file has too few of the columns by both counts. A table that has grown may
    /// have many columns that no file has any more, and an adopted table may have other columns than the declared ones.
    fn too_few(&self, header: &Header) -> Option<(usize, usize)> {
        let count = |schema: &TableSchema| {
            let known = schema.columns().iter().filter(|column| !self.system.contains(&column.name));
            let (mut found, mut all) = (0, 0);
            for column in known {
                all += 1;
                found += usize::from(header.columns.contains(&column.name));
            }
            (found, all)
        };
        let counts = [self.table, Some(self.declared)].into_iter().flatten().map(count).filter(|(_, all)| *all > 0);
        let counts: Vec<_> = counts.collect();
        let is_foreign = !counts.is_empty() && counts.iter().all(|(found, all)| self.is_below(*found, *all));
        counts.first().copied().filter(|_| is_foreign)
    }

    #[allow(clippy::cast_precision_loss)] // Columns are few.
    fn is_below(&self, found: usize, all: usize) -> bool {
        (found as f64) < self.min_known * all as f64
    }

    /// Returns the names of a header that look like values and are not columns of the table.
    fn values<'h>(&self, header: &'h Header, formats: &Formats) -> Vec<&'h str> {
        let unknown = header.names.iter().zip(&header.columns).filter(|(_, column)| !self.has(column));
        let names: Vec<&str> = unknown.map(|(name, _)| name.as_str()).collect();
        let is_value = |name: &str, may_be_year| looks_like_a_value(name, may_be_year) || is_read_by(formats, name);
        let values = |may_be_year: bool| names.iter().copied().filter(|name| is_value(name, may_be_year)).collect();
        let certain: Vec<&str> = values(false);
        // Years are names too: `country,2023,2024`.
        if certain.is_empty() && names.iter().all(|name| is_year(name)) { values(true) } else { certain }
    }

    fn has(&self, column: &ColumnName) -> bool {
        self.declared.has(column) || self.table.is_some_and(|table| table.has(column))
    }

    fn has_all(&self, columns: &[ColumnName]) -> bool {
        columns.iter().all(|column| self.has(column))
    }

    /// Checks that a file whose fields are only numbered has as many as the table and the date's first file: with another number,
    /// nobody knows which field is which.
    fn must_have_its_width(&self, header: &Header, first: Option<&Header>, csv: &CsvFormat) -> Result<(), SourceError> {
        if csv.header != HeaderRule::None || !csv.names.is_empty() || !self.declared.is_empty() {
            return Ok(());
        }
        let numbered = |names: &mut dyn Iterator<Item = &str>| names.filter(|name| is_numbered(name)).count();
        let found = numbered(&mut header.columns.iter().map(ColumnName::as_str));
        let of_first = first.map(|first| numbered(&mut first.columns.iter().map(ColumnName::as_str)));
        let of_table = self.table.map(|table| numbered(&mut table.columns().iter().map(|column| column.name.as_str())));
        let other = [(of_table, "the table has"), (of_first, "the date's first file has")];
        let Some((known, whose)) =
            other.into_iter().find_map(|(known, whose)| Some((known.filter(|known| *known != found)?, whose)))
        else {
            return Ok(());
        };
        Err(SourceError::ForeignHeader {
            key: header.key.clone(),
            reason: format!("it has {found} fields without names, and {whose} {known}"),
            cause: "fields were added or left out; `names` in `source.csv` gives them names".to_owned(),
        })
    }

    fn known_names(&self) -> Vec<&str> {
        let schemas = [self.table, Some(self.declared)].into_iter().flatten();
        schemas.flat_map(|schema| schema.columns().iter().map(|column| column.name.as_str())).collect()
    }
}

/// Returns true for the name of a field that has none: `column_7`.
fn is_numbered(name: &str) -> bool {
    name.strip_prefix("column_").is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Returns the lines of a file's first bytes from its header on, without the last one, which may not be there as a whole.
fn lines<'t>(beginning: &'t str, csv: &CsvFormat) -> Vec<&'t str> {
    let (whole, _) = beginning.rsplit_once('\n').unwrap_or((beginning, ""));
    let comment = csv.dialect.comment.as_ref().map(|comment| String::from_utf8_lossy(comment).into_owned());
    let is_comment = |line: &&str| comment.as_ref().is_some_and(|comment| line.starts_with(comment));
    let skipped = usize::try_from(csv.dialect.skip_lines).unwrap_or(usize::MAX);
    whole.lines().skip(skipped).filter(|line| !line.trim().is_empty() && !is_comment(line)).collect()
}

/// Returns true if the first line, which should have the names, is one field, and all below it have several.
pub(super) fn is_below_a_title(header: &Header, beginning: &[u8], csv: &CsvFormat) -> bool {
    if header.line.as_ref().is_none_or(|line| line.len() != 1) || csv.dialect.fixed_width.is_some() {
        return false;
    }
    let (text, delimiter) = (String::from_utf8_lossy(beginning), String::from_utf8_lossy(&csv.dialect.delimiter));
    let lines = lines(&text, csv);
    // Texts may have commas in them; a line of as many as the next is a record.
    let count = |line: &str| line.matches(&*delimiter).count();
    let [first, others @ ..] = lines.as_slice() else { return false };
    count(first) == 0 && others.len() > 1 && others.iter().all(|line| count(line) > 0 && count(line) == count(others[0]))
}

/// Returns another delimiter by which lines would be split: those of a file of one field, or lines without any delimiter where
/// missing fields are null. `beginning`: the file's first bytes.
pub(super) fn other_delimiter(header: &Header, beginning: &[u8], csv: &CsvFormat) -> Option<char> {
    let text = String::from_utf8_lossy(beginning);
    let has_own = || text.contains(&*String::from_utf8_lossy(&csv.dialect.delimiter));
    let is_filled = || csv.dialect.widths.fill_short && !has_own();
    if csv.dialect.fixed_width.is_some() || header.names.len() != 1 && !is_filled() {
        return None;
    }
    let lines = lines(&text, csv);
    let others = [';', '\t', '|', ','].into_iter().filter(|other| !csv.dialect.delimiter.starts_with(&[*other as u8]));
    others.into_iter().find(|other| {
        let counts: Vec<usize> = lines.iter().map(|line| line.matches(*other).count()).filter(|count| *count > 0).collect();
        let is_even = counts.windows(2).all(|pair| pair[0] == pair[1]);
        let has_width = lines.iter().any(|line| line.matches(*other).count() + 1 == header.names.len());
        header.names.len() == 1 && header.names[0].contains(*other)
            || header.names.len() > 1 && has_width
            || is_even && counts.len() > 1 && counts.len() + 1 >= lines.len()
    })
}

/// Returns the likely cause for the error: what the file most likely is.
fn cause(header: &Header, known: &[&str], format: &Format) -> String {
    let Format::Csv(csv) = format else {
        return "a file of another table, or an error document".to_owned();
    };
    let first = header.names.first().map_or("", |name| name.trim());
    if let Some(found) = markup(first) {
        return found.to_owned();
    }
    let delimiter = String::from_utf8_lossy(&csv.dialect.delimiter).into_owned();
    let others = [',', ';', '\t', '|'].into_iter().filter(|other| !delimiter.starts_with(*other));
    let splits = |other: &char| header.names.iter().map(|name| name.matches(*other).count()).sum::<usize>() >= header.names.len();
    let has_known = |other: &char| {
        let parts =
            header.names.iter().flat_map(|name| name.split(*other)).map(|part| part.trim_matches(['"', ' ']).to_lowercase());
        known.is_empty() || parts.into_iter().any(|part| known.contains(&part.replace([' ', '-'], "_").as_str()))
    };
    if let Some(other) = others.clone().find(|other| splits(other) && has_known(other)).or_else(|| others.clone().find(splits)) {
        return format!("fields are separated by {other:?} rather than {delimiter:?} (`source.csv.delimiter`)");
    }
    "a file of another table, or one without a header".to_owned()
}

fn markup(first: &str) -> Option<&'static str> {
    let other = || match first.chars().next() {
        Some('<') => Some("XML or HTML"),
        Some('{' | '[') => Some("JSON (`source.json`)"),
        _ => None,
    };
    foreign::of_text(first).or_else(other)
}

/// Adds the likely cause to an error about a header if the file's first bytes are those of another kind of document.
pub(super) fn explained(error: SourceError, first: &[u8]) -> SourceError {
    match (error, markup(String::from_utf8_lossy(first).trim_start())) {
        (SourceError::UnreadableHeader { key, reason }, Some(cause)) => {
            SourceError::ForeignHeader { key, reason: format!("its header can't be read ({reason})"), cause: cause.to_owned() }
        }
        (error, _) => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Column, ColumnType, NamingRule};
    use crate::source::{CsvFormat, Dialect, Encoding, HeaderRule, ValueRules};

    fn csv_format() -> CsvFormat {
        CsvFormat {
            dialect: Dialect::default(),
            header: HeaderRule::Names,
            names: Vec::new(),
            encoding: Encoding::UTF_8,
            values: ValueRules::default(),
        }
    }

    fn schema(names: &[&str]) -> TableSchema {
        TableSchema::new(names.iter().map(|name| Column::new(ColumnName::new(name).unwrap(), ColumnType::String)).collect())
    }

    fn header(key: &str, names: &[&str]) -> Header {
        let columns = names.iter().map(|name| NamingRule::Words.apply(name).unwrap()).collect();
        Header {
            key: key.into(),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            columns,
            types: Vec::new(),
            aliases: Vec::new(),
            line: None,
            marked: None,
            is_whole: true,
            begins_with_names: false,
            is_blank: false,
            split_by: None,
            kind_of_text: None,
            notes: Vec::new(),
            is_below_a_title: false,
        }
    }

    fn check(declared: &[&str], table: Option<&[&str]>, headers: &[&[&str]]) -> Result<(), String> {
        let (declared, table) = (schema(declared), table.map(schema));
        let own = [ColumnName::new("error_desc").unwrap()];
        let expected = Expected { min_known: 0.5, declared: &declared, table: table.as_ref(), system: &own };
        let headers: Vec<Header> = headers.iter().enumerate().map(|(i, names)| header(&format!("{i}.csv"), names)).collect();
        let format = Format::Csv(csv_format());
        expected.check(&headers, &format).map_err(|error| error.to_string())
    }

    #[test]
    fn a_file_with_fewer_than_half_of_the_columns_is_refused_with_the_likely_cause() {
        let declared = ["id", "customer", "amount"];
        assert!(check(&declared, None, &[&["ID", "Amount", "x"]]).is_ok());
        for (names, cause) in [
            (&["OrderNum", "Cust Name", "Amt"][..], "another table"),
            (&["1001", "Ann", "10.50"], "one without a header"),
            (&["id;customer;amount"], "separated by ';'"),
            (&["id\tcustomer\tamount"], "separated by '\\t'"),
            (&["<!DOCTYPE html><html><body>x"], "HTML"),
            (&["<?xml version=\"1.0\"?>"], "XML"),
            (&["-- MySQL dump 10.13  Distrib 8.0"], "a dump of SQL statements"),
            (&["{\"id\":1", "\"customer\":2}"], "JSON"),
        ] {
            let error = check(&declared, None, &[names]).unwrap_err();
            assert!(error.contains(cause), "{error}");
        }
    }

    #[test]
    fn a_grown_table_takes_files_that_have_what_is_declared_or_half_of_what_it_has() {
        let table = ["id", "customer", "a", "b", "c", "d", "error_desc"];
        assert!(check(&["id", "customer"], Some(&table), &[&["id", "customer"]]).is_ok());
        assert!(check(&["x", "y"], Some(&table), &[&["id", "a", "b"]]).is_ok());
        assert!(check(&["x", "y"], Some(&table), &[&["id", "a"]]).unwrap_err().contains("2 of the 6"));
        assert!(check(&[], Some(&table), &[&["error_desc", "id", "z"]]).is_err());
    }

    #[test]
    fn names_that_look_like_values_are_no_header_of_a_new_table_either() {
        for names in [&["1001", "Ann", "10.50"][..], &["2024-05-01", "x"], &["true", "a@b.example"], &["2023"], &["-1e5", "NaN"]]
        {
            assert!(check(&[], None, &[names]).unwrap_err().contains("looks like values"), "{names:?}");
        }
        assert!(check(&[], None, &[&["<html>"]]).unwrap_err().contains("HTML"));
        assert!(check(&[], None, &[&["-- MySQL dump 10.13"]]).unwrap_err().contains("no header"));
        for names in [&["country", "2023", "2024"][..], &["id", "1st", "q1"], &["id", "name", "1"], &["a"]] {
            assert!(check(&[], None, &[names]).is_ok(), "{names:?}");
        }
        // A table that has such columns already.
        assert!(check(&[], Some(&["1", "2", "3"]), &[&["1", "2", "3"]]).is_ok());
    }

    #[test]
    fn the_second_file_of_a_date_has_the_columns_of_the_first() {
        assert!(check(&[], None, &[&["id", "name"], &["name", "more"]]).is_ok());
        let error = check(&[], None, &[&["id", "name"], &["invoice", "total"]]).unwrap_err();
        assert!(error.contains("`1.csv`") && error.contains("0 of the 2 columns of `0.csv`"), "{error}");
    }
}
