//! Format of a module's source files, from its settings.

use std::collections::BTreeMap;

use crate::config::{
    CollectionSettings, CsvSettings, ExcelSettings, FieldPositions, JsonSettings, Module, QuotedNull, SourceSettings,
    TypedSettings, ValueSettings, WithoutRecord,
};
use crate::schema::fit::Formats;
use crate::schema::{ColumnName, DuplicateNames, NewColumn};
use crate::source::{
    BinaryText, CsvFormat, DialectName, FixedField, FixedWidth, Format, HeaderRule, JsonFormat, Layout, Nulls, Part, PathStep,
    Reshape, Sheet, TypedFormat, TypedKind, ValueRules, parse_path,
};

use super::children::part;
use super::dialect::dialect;
use super::documents;
use super::notation::notation;
use super::null_words::null_words;
use super::wrong::wrong;
use crate::jobs::run::JobError;

/// Reason for which fields under a header are not merged, as members of JSON are.
const NOT_MERGED: &str = "fields under a header are not merged; `rename` numbers their columns";

/// Returns the format of the module's source files.
pub(crate) fn format(module: &Module) -> Result<Format, JobError> {
    let SourceSettings { csv, json, parquet, avro, orc, excel, .. } = &module.source;
    let given = [csv.is_some(), json.is_some(), parquet.is_some(), avro.is_some(), orc.is_some(), excel.is_some()];
    if given.into_iter().filter(|is_given| *is_given).count() > 1 {
        return Err(wrong(module, "source", "it has several formats; a module's files are of one"));
    }
    if let Some(json) = json {
        return json_format(module, json).map(Format::Json);
    }
    if let Some(excel) = excel {
        return excel_format(module, excel).map(Format::Typed);
    }
    let typed = [(parquet, TypedKind::Parquet), (avro, TypedKind::Avro), (orc, TypedKind::Orc)];
    match typed.into_iter().find_map(|(settings, kind)| Some((settings.as_ref()?, kind))) {
        Some((settings, kind)) => typed_format(module, settings, kind).map(Format::Typed),
        None => csv_format(module, csv.as_ref().unwrap_or(&CsvSettings::default())).map(Format::Csv),
    }
}

/// Returns the format of files whose fields have types.
fn typed_format(module: &Module, settings: &TypedSettings, kind: TypedKind) -> Result<TypedFormat, JobError> {
    let TypedSettings { time_zone, ambiguous_time, nanoseconds, binary, duplicate_names } = settings.clone();
    if duplicate_names == DuplicateNames::Merge {
        return Err(wrong(module, "source.duplicate_names", NOT_MERGED));
    }
    let own = ValueSettings { time_zone, ambiguous_time, nanoseconds, decimal: Some('.'), ..ValueSettings::default() };
    let formats = notation(&own, &own).map_err(|(what, reason)| wrong(module, &format!("source.{what}"), reason))?;
    // Null is no text; an empty text is one.
    let nulls = Nulls::new(&[String::new()], true);
    let columns = rules_from_file(module).collect();
    Ok(TypedFormat { kind, binary, values: ValueRules { nested_in_text: true, columns, ..values(module, nulls, formats) } })
}

/// Returns the format of workbooks.
fn excel_format(module: &Module, settings: &ExcelSettings) -> Result<TypedFormat, JobError> {
    if settings.duplicate_names == DuplicateNames::Merge {
        return Err(wrong(module, "source.excel.duplicate_names", NOT_MERGED));
    }
    let own = settings.values();
    let formats = notation(&own, &own).map_err(|(what, reason)| wrong(module, &format!("source.excel.{what}"), reason))?;
    let mut words = settings.null_values.clone();
    words.push(String::new());
    let columns = rules_from_file(module).collect();
    // Of cells, texts alone have the module's notation.
    let of_typed = Some(Box::new(formats.of_programs()));
    let values = ValueRules { nested_in_text: true, of_typed, columns, ..values(module, Nulls::new(&words, false), formats) };
    let sheet = Sheet { name: settings.sheet.clone(), range: settings.range.clone() };
    Ok(TypedFormat { kind: TypedKind::Excel(sheet), binary: BinaryText::default(), values })
}

/// Returns the format of a collection's files, if it differs from the module's: its fields have positions of their own.
pub(super) fn format_of(module: &Module, settings: &CollectionSettings) -> Result<Option<Format>, JobError> {
    if let Some(json) = &module.source.json {
        return of_part(module, json, part(module, settings)?);
    }
    if let Some(child) = &settings.child_of {
        let reason = "the module's files are not JSON; set `source.json: {}` if they are";
        return Err(wrong(module, &format!("children.{} of `{}`", child.path, child.parent), reason));
    }
    let Some(positions) = &settings.fixed_width else { return Ok(None) };
    let csv = CsvSettings { fixed_width: Some(positions.clone()), ..module.source.csv.clone().unwrap_or_default() };
    csv_format(module, &csv).map(Format::Csv).map(Some)
}

/// Returns the format of records of which a table has a part; `None` if it has all of them.
fn of_part(module: &Module, settings: &JsonSettings, part: Part) -> Result<Option<Format>, JobError> {
    if part == Part::Whole {
        return Ok(None);
    }
    let format = with_documents(module, settings)?;
    Ok(Some(Format::Json(JsonFormat { reshape: Reshape { part, ..format.reshape }, ..format })))
}

/// Returns the format of whole records, with the documents in their texts.
pub(super) fn with_documents(module: &Module, settings: &JsonSettings) -> Result<JsonFormat, JobError> {
    let format = json_format(module, settings)?;
    let documents = documents::paths(settings, true).map_err(|reason| wrong(module, "source.json.parse_json", reason))?;
    Ok(JsonFormat { reshape: Reshape { documents, ..format.reshape }, ..format })
}

/// Returns the format of files of delimited text.
fn csv_format(module: &Module, settings: &CsvSettings) -> Result<CsvFormat, JobError> {
    let CsvSettings { dialect: name, encoding, null_values, keep_quoted_empty, quoted_null, .. } = settings;
    let mut null_words = match null_values {
        Some(words) => words.clone(),
        None => name.null_values().iter().map(|&word| word.to_owned()).collect(),
    };
    // Where MySQL has quotes, it writes null as a word without them.
    let writes_null =
        *name == DialectName::Mysql && null_values.is_none() && settings.quote.as_ref().is_some_and(|q| q != "none");
    if writes_null {
        null_words.push("NULL".to_owned());
    }
    let header = settings.header.unwrap_or(name.header());
    must_agree(module, settings, header)?;
    let mut dialect = dialect(module, settings, &null_words)?;
    // Such a word is found as it is written: `\N` is null, and `\\N` a text.
    if let Some(escape) = dialect.escape.as_ref().filter(|escape| escape.outside_quotes) {
        null_words.retain(|word| !word.as_bytes().contains(&escape.byte));
    }
    let nulls = Nulls::new(&null_words, *keep_quoted_empty);
    let nulls = if *quoted_null == QuotedNull::Text || writes_null { nulls.keeping_quoted_words() } else { nulls };
    let (header, names) = match &settings.fixed_width {
        None => (header, settings.names.clone()),
        Some(positions) => {
            let layout = layout(positions).map_err(|reason| wrong(module, "fixed_width", reason))?;
            let names = layout.names().map(str::to_owned).collect();
            dialect = dialect.with_fixed_width(layout);
            (HeaderRule::None, names)
        }
    };
    let of_all = settings.values();
    let rules = |own: &ValueSettings, place: &str| {
        let formats = notation(own, &of_all).map_err(|(what, reason)| wrong(module, &format!("{place}.{what}"), reason))?;
        Ok::<_, JobError>(ValueRules { nested_in_text: true, ..values(module, nulls.clone(), formats) })
    };
    let columns = settings.columns.iter().map(|(column, own)| {
        let place = format!("source.csv.columns.{column}");
        let name = ColumnName::new(column).map_err(|error| wrong(module, &place, error))?;
        if let Some(reason) = no_column(module, &name) {
            return Err(wrong(module, &place, reason));
        }
        Ok((name, rules(own, &place)?))
    });
    let columns = columns.chain(rules_from_file(module).map(Ok)).collect::<Result<_, JobError>>()?;
    let values = ValueRules { columns, ..rules(&of_all, "source.csv")? };
    Ok(CsvFormat { dialect, header, names, encoding: *encoding, values })
}

/// Refuses settings of which one has no meaning beside another.
fn must_agree(module: &Module, settings: &CsvSettings, header: HeaderRule) -> Result<(), JobError> {
    let refuse = |setting: &str, reason| Err(wrong(module, &format!("source.csv.{setting}"), reason));
    if settings.duplicate_names == DuplicateNames::Merge {
        return refuse("duplicate_names", NOT_MERGED);
    }
    let is_fixed = settings.fixed_width.is_some();
    if is_fixed && (settings.header.is_some_and(|rule| rule != HeaderRule::None) || !settings.names.is_empty()) {
        return refuse("header", "the fields have the names in `fixed_width`; `skip_lines` skips a header");
    }
    // The files of single collections may have fixed positions beside others that are delimited.
    if let Some(csv) = module.source.csv.as_ref().filter(|csv| csv.fixed_width.is_some()) {
        let of_delimiters = [
            ("delimiter", csv.delimiter.is_some()),
            ("trailing_delimiter", csv.trailing_delimiter),
            ("sep_line", csv.sep_line == Some(true)),
            ("quote", csv.quote.as_ref().is_some_and(|quote| quote != "none")),
            ("escape", csv.escape.is_some()),
        ];
        if let Some((setting, _)) = of_delimiters.iter().find(|(_, is_set)| *is_set) {
            return refuse(
                setting,
                "the fields stand at fixed positions (`fixed_width`): they have no delimiters, quotes or escapes",
            );
        }
    }
    if !settings.names.is_empty() && matches!(header, HeaderRule::Names | HeaderRule::FirstFile) {
        return refuse("names", "names are given where `header` is `none` or `by_position`; `renames` changes those of a header");
    }
    Ok(())
}

/// Returns the reason for which no table has a column: it has another name, or all columns are declared.
fn no_column(module: &Module, name: &ColumnName) -> Option<String> {
    let columns = || module.collections.values().map(|settings| &settings.columns);
    if columns().any(|columns| columns.contains_key(name.as_str())) || module.renames.values().any(|known| known == name.as_str())
    {
        return None;
    }
    match module.column_names.apply(name.as_str()) {
        Some(column) if column != *name => Some(format!("the column is named `{column}`")),
        _ if columns().len() > 0 && columns().all(|columns| !columns.is_empty()) => {
            Some("no collection declares such a column".to_owned())
        }
        _ => None,
    }
}

/// Returns the layout of lines whose fields have positions.
fn layout(positions: &FieldPositions) -> Result<FixedWidth, String> {
    let fields = match positions {
        FieldPositions::Fields(fields) => fields.as_slice(),
        // It was read with the module file.
        FieldPositions::File(file) => return Err(format!("`{}` was not read", file.display())),
    };
    let field = |(name, first, last): &(String, u32, u32)| FixedField {
        name: name.clone(),
        first: *first as usize,
        last: *last as usize,
    };
    FixedWidth::new(fields.iter().map(field).collect())
}

fn json_format(module: &Module, settings: &JsonSettings) -> Result<JsonFormat, JobError> {
    let JsonSettings { encoding, date_formats, timestamp_formats, time_zone, .. } = settings;
    if settings.duplicate_names == DuplicateNames::Rename {
        let reason = "members of JSON have no order by which to number their columns; `merge` makes them one, and `renames` \
                      gives them other names";
        return Err(wrong(module, "source.json.duplicate_names", reason));
    }
    let (layout, reshape) =
        json_layout(settings).map_err(|(what, reason)| wrong(module, &format!("source.json.{what}"), reason))?;
    let own = ValueSettings {
        date_formats: Some(date_formats.clone()),
        timestamp_formats: Some(timestamp_formats.clone()),
        time_zone: time_zone.clone(),
        ambiguous_time: settings.ambiguous_time,
        nanoseconds: settings.nanoseconds,
        decimal: Some('.'),
        ..ValueSettings::default()
    };
    let formats = notation(&own, &own).map_err(|(what, reason)| wrong(module, &format!("source.json.{what}"), reason))?;
    let columns = rules_from_file(module).collect();
    let values = ValueRules { columns, ..values(module, null_words(settings), formats) };
    Ok(JsonFormat { layout, reshape, encoding: *encoding, values })
}

/// Returns the places of the records and of the list of fields.
///
/// # Errors
/// The name of a wrong setting, and the reason.
fn json_layout(settings: &JsonSettings) -> Result<(Layout, Reshape), (&'static str, String)> {
    let path = |what, text: &str| parse_path(text).map_err(|reason| (what, reason));
    let names = |what, text: &str| {
        let steps = path(what, text)?.into_iter().map(|step| match step {
            PathStep::Member(name) => Ok(name),
            PathStep::Items => Err((what, format!("`{text}` leads to several values"))),
        });
        steps.collect::<Result<Vec<String>, _>>()
    };
    let kept = settings.fields.as_ref().map(|text| names("fields", text)).transpose()?;
    let records = settings.records.as_ref().map(|text| path("records", text)).transpose()?.unwrap_or_default();
    let envelope =
        settings.envelope.iter().map(|(name, text)| Ok::<_, (&'static str, String)>((name.clone(), names("envelope", text)?)));
    let envelope = envelope.collect::<Result<Vec<_>, _>>()?;
    if kept.is_some() && !envelope.is_empty() {
        return Err(("fields", "a list of fields and `envelope` exclude each other".to_owned()));
    }
    if records.windows(2).any(|pair| pair == [PathStep::Items, PathStep::Items]) {
        return Err(("records", "it has arrays of arrays, whose items are no records".to_owned()));
    }
    // Records are read one by one from the outermost array, unless they get values that may stand behind it.
    let outermost = if envelope.is_empty() { records.iter().position(|step| *step == PathStep::Items) } else { Some(0) };
    let (outer, inner) = records.split_at(outermost.unwrap_or(records.len()));
    let outer: Vec<String> = outer
        .iter()
        .filter_map(|step| match step {
            PathStep::Member(name) => Some(name.clone()),
            PathStep::Items => None,
        })
        .collect();
    let inner = if envelope.is_empty() { inner.get(1..).unwrap_or_default() } else { inner };
    let inside = |outer: &[String], inner: &[String]| inner.starts_with(outer);
    if let Some(kept) = kept.as_deref().filter(|kept| inside(&outer, kept) || inside(kept, &outer)) {
        return Err(("fields", format!("`{}` stands in the records; it must stand beside them", kept.join("."))));
    }
    let reshape = Reshape {
        path: inner.to_vec(),
        envelope,
        unwrap: settings.unwrap,
        may_lack_records: settings.without_record == WithoutRecord::Skip,
        documents: documents::paths(settings, false).map_err(|reason| ("parse_json", reason))?,
        nulls: null_words(settings),
        part: Part::Whole,
    };
    let records = Some(outer).filter(|names| !names.is_empty());
    Ok((Layout { records, kept, may_lack_records: reshape.may_lack_records }, reshape))
}

/// Returns the rules of columns that adg fills from the files themselves: the source's notation does not apply to them.
fn rules_from_file(module: &Module) -> impl Iterator<Item = (ColumnName, ValueRules)> {
    let names = module.source.columns_from_file.keys().filter_map(|name| ColumnName::new(name).ok());
    names.map(|name| (name, ValueRules::default()))
}

fn values(module: &Module, nulls: Nulls, formats: Formats) -> ValueRules {
    ValueRules {
        nulls,
        formats,
        of_typed: None,
        nested_in_text: false,
        naming: module.column_names,
        ignore_new_members: module.evolution.new_column == NewColumn::Ignore,
        columns: BTreeMap::new(),
    }
}

#[cfg(test)]
mod tests {
    use indexmap::IndexMap;

    use super::*;

    fn layout(settings: JsonSettings) -> Result<(String, String), String> {
        let (layout, reshape) = json_layout(&settings).map_err(|(what, reason)| format!("{what}: {reason}"))?;
        let step = |step: &PathStep| match step {
            PathStep::Member(name) => name.clone(),
            PathStep::Items => "*".to_owned(),
        };
        let inner = reshape.path.iter().map(step).collect::<Vec<_>>().join(".");
        Ok((layout.records.unwrap_or_default().join("."), inner))
    }

    #[test]
    fn records_are_read_one_by_one_where_nothing_around_them_is_wanted() {
        let of = |records: &str| layout(JsonSettings { records: Some(records.to_owned()), ..JsonSettings::default() }).unwrap();
        let paths = |outer: &str, inner: &str| (outer.to_owned(), inner.to_owned());
        assert_eq!(of("data.rows"), paths("data.rows", ""));
        assert_eq!(of("Records[*].dynamodb.NewImage"), paths("Records", "dynamodb.NewImage"));
        assert_eq!(of("[*].a[*].b"), paths("", "a.*.b"));
        let envelope = IndexMap::from([("region".to_owned(), "region".to_owned())]);
        let around = JsonSettings { records: Some("Records[*].x".into()), envelope, ..JsonSettings::default() };
        assert_eq!(layout(around.clone()).unwrap(), paths("", "Records.*.x"));
        let both = JsonSettings { fields: Some("fields".into()), ..around };
        assert!(layout(both).unwrap_err().contains("exclude each other"));
        for fields in ["data", "data.fields", "d[*]", "a..b"] {
            let settings = JsonSettings { records: Some("data".into()), fields: Some(fields.into()), ..JsonSettings::default() };
            assert!(layout(settings).unwrap_err().starts_with("fields: "), "{fields}");
        }
    }
}
