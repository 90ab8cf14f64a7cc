//! `row_hash_id`, the hash that identifies a row.

use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::StringViewBuilder;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::batch::{Field, RawBatch};
use super::json::scan::{self, Kind};
use super::rules::Nulls;

/// Version of the row hash, which decides the bytes of a row that are hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HashVersion {
    /// The replaced job's hash: Spark's `sha2(concat_ws('||', …), 256)`. Nulls are skipped, so that different rows may have the
    /// same hash: (a, null, b) and (a, b, null). Numbers, booleans and objects are hashed as the source writes them; each item of
    /// an array column is a separate value.
    V1,
    /// Free of such collisions: for each value that is not null, ordered by name, it hashes the length and text of the name,
    /// whether the value was quoted, and its length and text.
    V2,
}

/// Row hash of a file: its version, and the file's fields in order, including those that are not columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowHash {
    version: HashVersion,
    fields: Vec<HashField>,
    /// True if words that mean null do so in arrays too.
    is_json: bool,
}

/// A field that is hashed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashField {
    /// Index of the field in a record.
    pub place: usize,
    /// Name of the field in the source.
    pub name: String,
    /// True if its column is an array.
    pub is_array: bool,
}

impl RowHash {
    /// Creates the hash for a file of these fields. `sorted`: sort the fields in Spark's order, that of UTF-16, if the file has
    /// no order of its own, such as JSON.
    pub fn new(version: HashVersion, mut fields: Vec<HashField>, sorted: bool) -> Self {
        if sorted || version == HashVersion::V2 {
            fields.sort_by(|a, b| a.name.encode_utf16().cmp(b.name.encode_utf16()));
        }
        Self { version, fields, is_json: sorted }
    }

    /// Returns the version of the hash.
    pub fn version(&self) -> HashVersion {
        self.version
    }

    /// Returns the hashed fields, in order.
    pub fn fields(&self) -> &[HashField] {
        &self.fields
    }

    pub(super) fn column(&self, batch: &RawBatch, nulls: &Nulls) -> ArrayRef {
        let mut hashes = StringViewBuilder::with_capacity(batch.rows());
        let mut text = [0; 64];
        for row in 0..batch.rows() {
            let digest = match self.version {
                HashVersion::V1 => self.v1(batch, row, nulls),
                HashVersion::V2 => self.v2(batch, row, nulls),
            };
            hashes.append_value(hex(&digest.finalize(), &mut text));
        }
        Arc::new(hashes.finish())
    }

    /// Returns the values of a row that are not null.
    fn values<'b>(
        &'b self,
        batch: &'b RawBatch,
        row: usize,
        nulls: &'b Nulls,
    ) -> impl Iterator<Item = (&'b HashField, Field<'b>)> {
        let fields = self.fields.iter().map(move |field| (field, batch.field(row, field.place)));
        fields.filter(|(_, value)| !nulls.is_null_text(*value))
    }

    fn v1(&self, batch: &RawBatch, row: usize, nulls: &Nulls) -> Sha256 {
        let (mut hash, mut separator) = (Sha256::new(), &b""[..]);
        let mut add = |text: &[u8]| {
            hash.update(separator);
            hash.update(text);
            separator = b"||";
        };
        for (field, value) in self.values(batch, row, nulls) {
            match items(value, nulls, self.is_json).filter(|_| field.is_array) {
                Some(items) => items.iter().for_each(|item| add(item.as_bytes())),
                None => add(value.text),
            }
        }
        hash
    }

    fn v2(&self, batch: &RawBatch, row: usize, nulls: &Nulls) -> Sha256 {
        let mut hash = Sha256::new();
        for (HashField { name, .. }, value) in self.values(batch, row, nulls) {
            hash.update((name.len() as u64).to_be_bytes());
            hash.update(name);
            hash.update([u8::from(value.quoted)]);
            hash.update((value.text.len() as u64).to_be_bytes());
            hash.update(value.text);
        }
        hash
    }
}

/// Returns the items of an array that are not null: `concat_ws` takes each as a separate value.
fn items(value: Field<'_>, nulls: &Nulls, is_json: bool) -> Option<Vec<String>> {
    if value.quoted || !value.text.starts_with(b"[") {
        return None;
    }
    let mut items = Vec::new();
    let end = scan::array(value.text, 0, &mut |item| match item.kind {
        Kind::Null => {}
        _ if is_json && nulls.is_null_value(value.text, item) => {}
        _ => items.push(item.meaning(value.text)),
    });
    (end == Ok(value.text.len())).then_some(items)
}

fn hex<'t>(bytes: &[u8], text: &'t mut [u8; 64]) -> &'t str {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for (byte, pair) in bytes.iter().zip(text.chunks_exact_mut(2)) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    std::str::from_utf8(text).unwrap_or_default()
}
