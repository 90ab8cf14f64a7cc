//! `row_hash_id`: by what a row can be known again.

use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::StringViewBuilder;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::batch::{Field, RawBatch};
use super::columns::Nulls;
use super::json::scan::{self, Kind};

/// Which bytes of a row are hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HashVersion {
    /// As the replaced job: Spark's `sha2(concat_ws('||', …), 256)`. Nulls are skipped, so that rows which differ may have one
    /// hash: (a, null, b) and (a, b, null). Numbers, booleans and nested values as the source writes them.
    V1,
    /// Free of such collisions: the length and text of each name, whether the value was quoted, its length and its text, for each
    /// value that is not null, by name.
    V2,
}

/// How the rows of a file are hashed: which version, and the file's fields in its order, whether they are columns or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowHash {
    version: HashVersion,
    /// Places in a record, with their names in the source.
    fields: Vec<(usize, String)>,
}

impl RowHash {
    /// For a file of these fields. `sorted`: where the file has no order of its own, as JSON has none; then Spark's, which is that
    /// of UTF-16.
    pub fn new(version: HashVersion, names: &[String], sorted: bool) -> Self {
        let mut fields: Vec<(usize, String)> = names.iter().cloned().enumerate().collect();
        if sorted || version == HashVersion::V2 {
            fields.sort_by(|(_, a), (_, b)| a.encode_utf16().cmp(b.encode_utf16()));
        }
        Self { version, fields }
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

    /// The values of a row that are not null, with their names.
    fn values<'b>(&'b self, batch: &'b RawBatch, row: usize, nulls: &'b Nulls) -> impl Iterator<Item = (&'b str, Field<'b>)> {
        let fields = self.fields.iter().map(move |(place, name)| (name.as_str(), batch.field(row, *place)));
        fields.filter(|(_, field)| !nulls.is_null_text(*field))
    }

    fn v1(&self, batch: &RawBatch, row: usize, nulls: &Nulls) -> Sha256 {
        let (mut hash, mut separator) = (Sha256::new(), &b""[..]);
        let mut add = |text: &[u8]| {
            hash.update(separator);
            hash.update(text);
            separator = b"||";
        };
        for (_, field) in self.values(batch, row, nulls) {
            match texts(field) {
                Some(texts) => texts.iter().for_each(|text| add(text.as_bytes())),
                None => add(field.text),
            }
        }
        hash
    }

    fn v2(&self, batch: &RawBatch, row: usize, nulls: &Nulls) -> Sha256 {
        let mut hash = Sha256::new();
        for (name, field) in self.values(batch, row, nulls) {
            hash.update((name.len() as u64).to_be_bytes());
            hash.update(name);
            hash.update([u8::from(field.quoted)]);
            hash.update((field.text.len() as u64).to_be_bytes());
            hash.update(field.text);
        }
        hash
    }
}

/// The items of an array of texts: `concat_ws` takes each as a value of its own.
fn texts(field: Field<'_>) -> Option<Vec<String>> {
    if field.quoted || !field.text.starts_with(b"[") {
        return None;
    }
    let mut texts = Some(Vec::new());
    let end = scan::array(field.text, 0, &mut |item| match item.kind {
        Kind::Null => {}
        Kind::Text { escaped } => {
            if let Some(texts) = &mut texts {
                texts.push(scan::meaning(item.text(field.text), escaped));
            }
        }
        _ => texts = None,
    });
    texts.filter(|_| end == Ok(field.text.len()))
}

fn hex<'t>(bytes: &[u8], text: &'t mut [u8; 64]) -> &'t str {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for (byte, pair) in bytes.iter().zip(text.chunks_exact_mut(2)) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    std::str::from_utf8(text).unwrap_or_default()
}
