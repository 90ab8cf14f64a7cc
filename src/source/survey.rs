//! A first reading of a day's files, for the types of columns that need one.

use std::collections::BTreeMap;

use crate::schema::{ColumnName, TypeGuess, fit};

use super::{CsvFormat, RawBatch};

/// What the values of some columns have in common, over all of a day's files.
#[derive(Debug, Default)]
pub struct Survey {
    guesses: BTreeMap<ColumnName, TypeGuess>,
}

impl Survey {
    /// A survey of these columns, each with its candidates.
    pub fn of(columns: impl IntoIterator<Item = (ColumnName, TypeGuess)>) -> Self {
        Self { guesses: columns.into_iter().collect() }
    }

    /// Whether there is nothing to look at.
    pub fn is_empty(&self) -> bool {
        self.guesses.is_empty()
    }

    /// Looks at a batch of a file with these columns.
    pub fn see(&mut self, batch: &RawBatch, columns: &[ColumnName], format: &CsvFormat) {
        for (index, column) in columns.iter().enumerate() {
            let Some(guess) = self.guesses.get_mut(column) else { continue };
            for row in 0..batch.rows() {
                if guess.is_settled() {
                    break;
                }
                let field = batch.field(row, index);
                // Nothing but white space says nothing of a type.
                if !format.values.nulls.is_null_text(field) && !fit::trim(field.text).is_empty() {
                    guess.see(field.text, &format.values.formats);
                }
            }
        }
    }

    /// What was found of a column.
    pub fn guess(&self, column: &ColumnName) -> Option<&TypeGuess> {
        self.guesses.get(column)
    }
}
