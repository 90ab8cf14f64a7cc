//! Parts of statements that `DuckDB`, or some of its versions, would take otherwise, written anew in the sense of PostgreSQL.

use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident, ObjectName,
    ObjectNamePart, UnaryOperator, Value, VisitMut, VisitorMut, visit_relations_mut,
};

use crate::sql::Statement;

/// Returns the statement in the sense of PostgreSQL.
pub(super) fn translated(statement: &Statement) -> Statement {
    let mut statement = statement.clone();
    let _ = statement.ast_mut().visit(&mut Patterns);
    // Tables may have names that are words of the language.
    let _ = visit_relations_mut(statement.ast_mut(), |relation: &mut ObjectName| {
        for part in &mut relation.0 {
            if let ObjectNamePart::Identifier(name) = part {
                name.quote_style = Some('"');
            }
        }
        ControlFlow::<()>::Continue(())
    });
    statement
}

/// A visitor that finds patterns anywhere in a text. To `DuckDB` before version 2, `~` is a match of the whole text.
struct Patterns;

impl VisitorMut for Patterns {
    type Break = ();

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        let Expr::BinaryOp { left, op, right } = expr else { return ControlFlow::Continue(()) };
        let (is_not, ignores_case) = match op {
            BinaryOperator::PGRegexMatch => (false, false),
            BinaryOperator::PGRegexIMatch => (false, true),
            BinaryOperator::PGRegexNotMatch => (true, false),
            BinaryOperator::PGRegexNotIMatch => (true, true),
            _ => return ControlFlow::Continue(()),
        };
        let taken = |side: &mut Box<Expr>| std::mem::replace(&mut **side, Expr::value(Value::Null));
        let (text, pattern) = (taken(left), taken(right));
        let option = ignores_case.then(|| Expr::value(Value::SingleQuotedString("i".to_owned())));
        let found = call("regexp_matches", [text, pattern].into_iter().chain(option));
        *expr = if is_not { Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(found) } } else { found };
        ControlFlow::Continue(())
    }
}

fn call(name: &str, arguments: impl IntoIterator<Item = Expr>) -> Expr {
    let arguments = arguments.into_iter().map(|argument| FunctionArg::Unnamed(FunctionArgExpr::Expr(argument)));
    let list = FunctionArgumentList { duplicate_treatment: None, args: arguments.collect(), clauses: Vec::new() };
    Expr::Function(Function {
        name: ObjectName::from(Ident::new(name)),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(list),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_found_anywhere() {
        let statement = Statement::parse("select a ~ '^x' as p, not a !~* b as q from t").unwrap();
        let expected = "SELECT regexp_matches(a, '^x') AS p, NOT NOT regexp_matches(a, b, 'i') AS q FROM \"t\"";
        assert_eq!(translated(&statement).text(), expected);
    }
}
