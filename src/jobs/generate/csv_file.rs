//! A CSV file of random rows.

use std::io::{self, Write};

use rand_chacha::ChaCha8Rng;

use crate::config::Module;

use super::Generate;
use super::columns::{Columns, called};
use super::values::field;

pub(super) fn write(
    target: &mut dyn Write,
    module: &Module,
    columns: &Columns,
    request: &Generate,
    mut rng: ChaCha8Rng,
) -> io::Result<()> {
    let delimiter =
        module.source.csv.as_ref().and_then(|csv| csv.delimiter.as_deref()).map_or(b',', |text| match text.as_bytes() {
            [delimiter] => *delimiter,
            _ => b',',
        });
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(target);
    writer.write_record(columns.iter().map(|(name, word)| called(module, name, word)))?;
    for row in 0..request.rows {
        let fields = columns.iter().map(|(_, word)| field(word, row, request, &mut rng));
        writer.write_record(fields.map(|field| field.map(|field| field.text).unwrap_or_default()).collect::<Vec<_>>())?;
    }
    writer.flush()
}
