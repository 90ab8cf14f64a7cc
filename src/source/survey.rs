//! A first reading of a day's files, for the types of columns that need one.

use std::collections::BTreeMap;

use crate::schema::{ColumnName, ColumnType, NamingRule, Shape, TypeGuess, fit};

use super::parser::json::scan::{self, Kind, Value};
use super::parser::json::see_shape;
use super::{RawBatch, ValueRules};

/// What is asked of a column's values.
#[derive(Debug, Clone)]
pub enum Question {
    /// Which types their texts fit.
    Text(TypeGuess),
    /// Which kinds of JSON they are.
    Shape(Shape),
}

impl Question {
    /// The type that the values of a column have which the table does not have.
    pub fn fresh(&self, naming: NamingRule) -> Option<ColumnType> {
        match self {
            Self::Text(guess) => guess.result().cloned(),
            Self::Shape(shape) => shape.fresh(naming),
        }
    }

    /// Takes a value of JSON into account.
    pub(super) fn see_json(&mut self, text: &[u8], value: Value, rules: &ValueRules) {
        match (self, value.kind) {
            (_, Kind::Null) => {}
            (_, Kind::Text { .. }) if rules.nulls.is_word(value.text(text)) => {}
            (Self::Text(guess), Kind::Text { escaped: true }) => {
                see_text(guess, scan::meaning(value.text(text), true).as_bytes(), rules);
            }
            (Self::Text(guess), _) => see_text(guess, value.text(text), rules),
            (Self::Shape(shape), Kind::Text { .. }) => shape.see_text(),
            (Self::Shape(shape), _) => see_shape(shape, text, value.start),
        }
    }
}

/// Nothing but white space says nothing of a type.
fn see_text(guess: &mut TypeGuess, text: &[u8], rules: &ValueRules) {
    if !guess.is_settled() && !fit::trim(text).is_empty() {
        guess.see(text, &rules.formats);
    }
}

/// What the values of some columns have in common, over all of a day's files.
pub struct Survey<'a> {
    /// What is asked of a column that was not seen yet.
    ask: &'a dyn Fn(&ColumnName) -> Option<Question>,
    questions: BTreeMap<ColumnName, Question>,
}

impl<'a> Survey<'a> {
    /// A survey of the columns of which `ask` asks something.
    pub fn new(ask: &'a dyn Fn(&ColumnName) -> Option<Question>) -> Self {
        Self { ask, questions: BTreeMap::new() }
    }

    /// What is asked of a column, as far as it is answered.
    pub(super) fn take(&mut self, column: &ColumnName) -> Option<Question> {
        self.questions.remove(column).or_else(|| (self.ask)(column))
    }

    /// Gives it back, with what was seen since.
    pub(super) fn put(&mut self, column: &ColumnName, question: Option<Question>) {
        if let Some(question) = question {
            self.questions.insert(column.clone(), question);
        }
    }

    /// Whether something is asked of any of these columns.
    pub fn asks(&self, columns: &[ColumnName]) -> bool {
        columns.iter().any(|column| (self.ask)(column).is_some())
    }

    /// Looks at a batch of a CSV file with these columns.
    pub fn see(&mut self, batch: &RawBatch, columns: &[ColumnName], rules: &ValueRules) {
        for (index, column) in columns.iter().enumerate() {
            let mut question = self.take(column);
            if let Some(Question::Text(guess)) = &mut question {
                for row in 0..batch.rows() {
                    if guess.is_settled() {
                        break;
                    }
                    let field = batch.field(row, index);
                    if !rules.nulls.is_null_text(field) {
                        see_text(guess, field.text, rules);
                    }
                }
            }
            self.put(column, question);
        }
    }

    /// What was found of a column.
    pub fn answer(&self, column: &ColumnName) -> Option<&Question> {
        self.questions.get(column)
    }
}
