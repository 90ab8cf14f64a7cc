//! Parts of statements that Polars answers otherwise than databases do: written anew where that is exact, or refused by name.

use std::ops::ControlFlow;

use sqlparser::ast::{
    self, BinaryOperator, CastKind, DataType, ExactNumberInfo, Expr, SelectItem, SetExpr, Visit, VisitMut, Visitor, VisitorMut,
};

use crate::sql::{SqlError, Statement};

/// Returns the statement as Polars answers it in the sense of databases.
pub(super) fn translated(statement: &Statement) -> Result<Statement, SqlError> {
    let mut statement = statement.clone();
    if let ControlFlow::Break((what, instead)) = statement.ast().visit(&mut Unknown) {
        return Err(SqlError::refused(what, instead));
    }
    let _ = statement.ast_mut().visit(&mut Divisions);
    Ok(statement)
}

/// A visitor that finds what has another meaning to Polars.
struct Unknown;

impl Visitor for Unknown {
    type Break = (&'static str, &'static str);

    fn pre_visit_query(&mut self, query: &ast::Query) -> ControlFlow<Self::Break> {
        let SetExpr::Select(select) = &*query.body else { return ControlFlow::Continue(()) };
        let is_unnest = |item: &SelectItem| match item {
            SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => is_call(expr, "unnest"),
            _ => false,
        };
        if select.projection.iter().any(is_unnest) {
            // It gives a row of null for a list without items, which is none to databases.
            return ControlFlow::Break(("`unnest` among the columns is not known", "read the items in the source's query"));
        }
        ControlFlow::Continue(())
    }
}

fn is_call(expr: &Expr, name: &str) -> bool {
    matches!(expr, Expr::Function(function) if function.name.to_string().eq_ignore_ascii_case(name))
}

/// A visitor that divides as doubles. Polars keeps the scale of a decimal, and loses the digits behind it: `10.00 / 3` is 3.33.
struct Divisions;

impl VisitorMut for Divisions {
    type Break = ();

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let Expr::BinaryOp { left, op: BinaryOperator::Divide, right } = expr {
            for side in [left, right] {
                let value = std::mem::replace(&mut **side, Expr::value(ast::Value::Null));
                **side = as_double(value);
            }
        }
        ControlFlow::Continue(())
    }
}

fn as_double(expr: Expr) -> Expr {
    Expr::Cast {
        kind: CastKind::Cast,
        expr: Box::new(expr),
        data_type: DataType::Double(ExactNumberInfo::None),
        array: false,
        format: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn divisions_are_of_doubles() {
        let statement = Statement::parse("select a / (b / 2) as x from t where c / 3 > 1").unwrap();
        let double = |text: &str| format!("CAST({text} AS DOUBLE)");
        let inner = format!("({} / {})", double("b"), double("2"));
        let expected =
            format!("SELECT {} / {} AS x FROM t WHERE {} / {} > 1", double("a"), double(&inner), double("c"), double("3"));
        assert_eq!(translated(&statement).unwrap().text(), expected);
    }
}
