//! A first reading of a day's files, for the types of columns that need one.

use std::collections::BTreeMap;

use crate::schema::{ColumnName, ColumnType, NamingRule, Shape, TypeGuess, fit};

use super::parser::json::scan::{self, Kind, Value};
use super::parser::json::{Marks, see_marked, see_shape};
use super::{Nulls, RawBatch, ValueRules};

/// A question about a column's values.
#[derive(Debug, Clone)]
pub enum Question {
    /// The types that their texts fit.
    Text(TypeGuess),
    /// The JSON shape of the values.
    Shape(Shape),
    /// The JSON shape of the values, and of documents in texts.
    ShapeInTexts(Shape),
}

impl Question {
    /// Returns the type of the values of a column that the table does not have.
    pub fn fresh(&self, naming: NamingRule) -> Option<ColumnType> {
        match self {
            Self::Text(guess) => guess.result().cloned(),
            Self::Shape(shape) | Self::ShapeInTexts(shape) => shape.fresh(naming),
        }
    }

    /// Takes a JSON value into account.
    pub(super) fn see_json(&mut self, text: &[u8], value: Value, marks: &Marks, rules: &ValueRules) {
        match (self, value.kind) {
            (_, Kind::Null) => {}
            _ if rules.nulls.is_null_value(text, value) => {}
            (Self::Text(guess), Kind::Text { escaped: true }) => {
                see_text(guess, value.meaning(text).as_bytes(), rules);
            }
            (Self::Text(guess), _) => see_text(guess, value.text(text), rules),
            (Self::Shape(shape) | Self::ShapeInTexts(shape), Kind::Text { .. }) if marks.is_instant(value.start) => {
                shape.see_instant();
            }
            (Self::Shape(shape) | Self::ShapeInTexts(shape), Kind::Text { .. }) if marks.is_stray(value.start) => {
                shape.see_stray();
            }
            (Self::ShapeInTexts(shape), Kind::Text { .. }) => see_document(shape, &value.meaning(text), &rules.nulls),
            (Self::Shape(shape), Kind::Text { .. }) => shape.see_text(),
            (Self::Shape(shape) | Self::ShapeInTexts(shape), _) => see_marked(shape, text, value.start, marks, &rules.nulls),
        }
    }
}

/// Takes a text into account that is to be an object or an array. An empty one is null.
fn see_document(shape: &mut Shape, text: &str, nulls: &Nulls) {
    let text = text.trim().as_bytes();
    match scan::value(text, 0) {
        _ if text.is_empty() => {}
        Ok((Value { kind: Kind::Object | Kind::Array | Kind::Null, .. }, end)) if end == text.len() => {
            see_shape(shape, text, 0, nulls);
        }
        _ => shape.see_stray(),
    }
}

/// Takes a text into account. Text of white space only says nothing about a type.
fn see_text(guess: &mut TypeGuess, text: &[u8], rules: &ValueRules) {
    if !guess.is_settled() && !fit::trim(text).is_empty() {
        guess.see(text, &rules.formats);
    }
}

/// Takes the fields of a column into account until nothing more can change the guess. `see` gets the row and text of each.
#[inline]
fn see_fields(
    guess: &mut TypeGuess,
    batch: &RawBatch,
    index: usize,
    rules: &ValueRules,
    see: impl Fn(&mut TypeGuess, usize, &[u8]),
) {
    for row in 0..batch.rows() {
        if guess.is_settled() {
            break;
        }
        let field = batch.field(row, index);
        if !rules.nulls.is_null_text(field) {
            see(guess, row, field.text);
        }
    }
}

/// Questions about the values of some columns, answered over all of a date's files.
pub struct Survey<'a> {
    /// Returns the question about a column that was not seen yet, if there is one.
    ask: &'a dyn Fn(&ColumnName) -> Option<Question>,
    questions: BTreeMap<ColumnName, Question>,
}

impl<'a> Survey<'a> {
    /// Creates a survey of the columns for which `ask` returns a question.
    pub fn new(ask: &'a dyn Fn(&ColumnName) -> Option<Question>) -> Self {
        Self { ask, questions: BTreeMap::new() }
    }

    /// Takes the question about a column, with its answer so far.
    pub(super) fn take(&mut self, column: &ColumnName) -> Option<Question> {
        self.questions.remove(column).or_else(|| (self.ask)(column))
    }

    /// Puts the question back, with the values seen since.
    pub(super) fn put(&mut self, column: &ColumnName, question: Option<Question>) {
        if let Some(question) = question {
            self.questions.insert(column.clone(), question);
        }
    }

    /// Returns true if there is a question about any of these columns.
    pub fn asks(&self, columns: &[ColumnName]) -> bool {
        columns.iter().any(|column| (self.ask)(column).is_some())
    }

    /// Takes a batch of a CSV file with these columns into account.
    pub fn see(&mut self, batch: &RawBatch, columns: &[ColumnName], rules: &ValueRules) {
        for (index, column) in columns.iter().enumerate() {
            let rules = rules.of(column);
            let mut question = self.take(column);
            if let Some(Question::Text(guess)) = &mut question {
                match &rules.of_typed {
                    None => see_fields(guess, batch, index, rules, |guess, _, text| see_text(guess, text, rules)),
                    Some(own) => see_fields(guess, batch, index, rules, |guess, row, text| {
                        if batch.is_typed(row, index) {
                            guess.see_typed(text, &rules.formats, own);
                        } else {
                            see_text(guess, text, rules);
                        }
                    }),
                }
            }
            self.put(column, question);
        }
    }

    /// Returns the answered question about a column.
    pub fn answer(&self, column: &ColumnName) -> Option<&Question> {
        self.questions.get(column)
    }
}
