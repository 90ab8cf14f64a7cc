//! The statements that Polars answers as databases do: plain ones over one table.
//!
//! Polars answers many others in another sense, without an error (ADR 11), so that a list of what it does not know would never be
//! whole. This is a list of what it was seen to know.

use std::fmt::Write as _;
use std::ops::ControlFlow;

use sqlparser::ast::{
    self, BinaryOperator, Distinct, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, GroupByExpr, LimitClause, OrderBy,
    OrderByKind, Query, Select, SelectItem, SetExpr, TableFactor, UnaryOperator, Value, VisitMut, VisitorMut,
};

use crate::schema::{ColumnName, ColumnType};
use crate::sql::error::INSTALL;
use crate::sql::{Inputs, SqlError, Statement};

/// Returns a plain statement as Polars answers it in the sense of `DuckDB`, and refuses all others.
pub(super) fn translated(statement: &Statement, inputs: &Inputs<'_>) -> Result<Statement, SqlError> {
    // What no part of the text below stands for makes a difference.
    let ast::Statement::Query(query) = statement.ast() else { return Err(not_plain()) };
    let is_plain = plain(query, inputs).is_some_and(|plain| plain == query.to_string());
    if is_plain {
        let mut statement = statement.clone();
        let _ = statement.ast_mut().visit(&mut NullsLast);
        return Ok(statement);
    }
    Err(not_plain())
}

fn not_plain() -> SqlError {
    let knows = "a statement has columns, `count`, `min` and `max` of one table, WHERE, GROUP BY, ORDER BY and LIMIT";
    SqlError::refused(format!("without DuckDB, {knows}"), INSTALL)
}

/// A visitor that sorts nulls behind all values, where the statement says nothing of them.
struct NullsLast;

impl VisitorMut for NullsLast {
    type Break = ();

    fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        if let Some(OrderBy { kind: OrderByKind::Expressions(by), .. }) = &mut query.order_by {
            for by in by {
                by.options.nulls_first.get_or_insert(false);
            }
        }
        ControlFlow::Continue(())
    }
}

/// Returns the text of the plain parts of a query; `None` if one of them is not plain.
fn plain(query: &Query, inputs: &Inputs<'_>) -> Option<String> {
    let SetExpr::Select(select) = &*query.body else { return None };
    let mut text = plain_select(select, inputs)?;
    if let Some(order) = &query.order_by {
        let OrderByKind::Expressions(by) = &order.kind else { return None };
        let are_plain = by.iter().all(|by| (is_column(&by.expr) || is_number(&by.expr)) && by.with_fill.is_none());
        (are_plain && order.interpolate.is_none()).then_some(())?;
        // Writing to a String does not fail.
        let _ = write!(text, " {order}");
    }
    if let Some(limit) = &query.limit_clause {
        let LimitClause::LimitOffset { limit: most, offset, limit_by } = limit else { return None };
        let skipped = offset.as_ref().map(|offset| &offset.value);
        let are_numbers = most.iter().chain(skipped).all(is_number);
        (are_numbers && limit_by.is_empty()).then_some(())?;
        let _ = write!(text, "{limit}");
    }
    Some(text)
}

fn plain_select(select: &Select, inputs: &Inputs<'_>) -> Option<String> {
    let [from] = select.from.as_slice() else { return None };
    let of = match &from.relation {
        TableFactor::Table { name, alias: None, .. } => name.to_string(),
        TableFactor::Table { name, alias: Some(alias), .. } => format!("{name} {alias}"),
        TableFactor::Derived { subquery, alias: Some(alias), .. } => format!("({}) {alias}", plain(subquery, inputs)?),
        _ => return None,
    };
    let mut text = "SELECT ".to_owned();
    match &select.distinct {
        None => {}
        Some(Distinct::Distinct) => text.push_str("DISTINCT "),
        Some(_) => return None,
    }
    let selected = select.projection.iter().map(|item| plain_item(item).then(|| item.to_string()));
    let selected = selected.collect::<Option<Vec<_>>>()?.join(", ");
    let _ = write!(text, "{selected} FROM {of}");
    if let Some(condition) = &select.selection {
        is_condition(condition, inputs).then_some(())?;
        let _ = write!(text, " WHERE {condition}");
    }
    match &select.group_by {
        GroupByExpr::Expressions(by, modifiers) if modifiers.is_empty() && by.iter().all(is_column) => {
            if !by.is_empty() {
                let _ = write!(text, " {}", select.group_by);
            }
        }
        _ => return None,
    }
    Some(text)
}

fn plain_item(item: &SelectItem) -> bool {
    match item {
        SelectItem::Wildcard(options) => options.to_string().is_empty(),
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => is_column(expr) || is_aggregate(expr),
        _ => false,
    }
}

fn is_column(expr: &Expr) -> bool {
    matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_))
}

fn is_number(expr: &Expr) -> bool {
    matches!(expr, Expr::Value(value) if matches!(value.value, Value::Number(..)))
}

/// Returns true if a column is compared with literals of its own kind: Polars compares a decimal with a text as texts. The type
/// of a column that the statement makes itself is not known; it is a number.
fn are_alike<'e>(column: &Expr, literals: impl IntoIterator<Item = &'e Expr>, inputs: &Inputs<'_>) -> bool {
    use ColumnType::{Date, String, Timestamp, Varchar};
    let name = match column {
        Expr::Identifier(name) => name,
        Expr::CompoundIdentifier(parts) if let Some(name) = parts.last() => name,
        _ => return false,
    };
    let name = ColumnName::new(&name.value).ok();
    let ty = name.and_then(|name| inputs.values().find_map(|input| input.schema.type_of(&name)));
    literals.into_iter().all(|literal| match literal {
        Expr::Value(ast::ValueWithSpan { value: Value::SingleQuotedString(_), .. }) => {
            matches!(ty, Some(String | Varchar(_) | Date | Timestamp))
        }
        Expr::Value(ast::ValueWithSpan { value: Value::Boolean(_), .. }) => ty == Some(&ColumnType::Boolean),
        Expr::TypedString(text) => match text.data_type {
            ast::DataType::Date => ty == Some(&Date),
            ast::DataType::Timestamp(None, ast::TimezoneInfo::None) => ty == Some(&Timestamp),
            _ => false,
        },
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } if is_number(expr) => ty.is_none_or(is_numeric),
        literal => is_number(literal) && ty.is_none_or(is_numeric),
    })
}

/// Returns true for numbers but `float`: it is compared as another one in each engine.
fn is_numeric(ty: &ColumnType) -> bool {
    use ColumnType::{BigInt, Decimal, Double, Int, SmallInt, TinyInt};
    matches!(ty, TinyInt | SmallInt | Int | BigInt | Double | Decimal { .. })
}

/// Returns true for `count(*)`, and `count`, `min` and `max` of a column.
fn is_aggregate(expr: &Expr) -> bool {
    let Expr::Function(function) = expr else { return false };
    let FunctionArguments::List(arguments) = &function.args else { return false };
    let [FunctionArg::Unnamed(of)] = arguments.args.as_slice() else { return false };
    let name = function.name.to_string();
    let of = match of {
        FunctionArgExpr::Wildcard if name == "count" => "*".to_owned(),
        FunctionArgExpr::Expr(of) if is_column(of) && ["count", "min", "max"].contains(&name.as_str()) => of.to_string(),
        _ => return false,
    };
    expr.to_string() == format!("{name}({of})")
}

fn is_condition(expr: &Expr, inputs: &Inputs<'_>) -> bool {
    use BinaryOperator::{And, Eq, Gt, GtEq, Lt, LtEq, NotEq, Or};
    match expr {
        Expr::Nested(inner) | Expr::UnaryOp { op: UnaryOperator::Not, expr: inner } => is_condition(inner, inputs),
        Expr::IsNull(of) | Expr::IsNotNull(of) => is_column(of),
        Expr::BinaryOp { left, op: And | Or, right } => is_condition(left, inputs) && is_condition(right, inputs),
        Expr::BinaryOp { left, op: Eq | NotEq | Lt | LtEq | Gt | GtEq, right } => are_alike(left, [&**right], inputs),
        Expr::Between { expr, low, high, .. } => are_alike(expr, [&**low, &**high], inputs),
        Expr::InList { expr, list, .. } => are_alike(expr, list, inputs),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Column, TableSchema};
    use crate::sql::{Input, InputRows};

    fn is_plain(sql: &str) -> bool {
        let columns = [("a", "int"), ("b", "double"), ("c", "string"), ("d", "date"), ("f", "float"), ("m", "decimal(9,2)")];
        let column = |(name, ty): (&str, &str)| Column::new(ColumnName::new(name).unwrap(), ty.parse().unwrap());
        let schema = TableSchema::new(columns.map(column).to_vec());
        let inputs = [("t".to_owned(), Input { schema: &schema, rows: InputRows::Unread })].into();
        translated(&Statement::parse(sql).unwrap(), &inputs).is_ok()
    }

    #[test]
    fn plain_statements_are_known() {
        for sql in [
            "select * from t",
            "select a, t.b as c, count(*), max(d) as top from uc.t as t group by a, t.b order by 1 desc, c limit 3 offset 1",
            "select distinct a from t where not (a is null or b > -1.5) and c in ('x', 'y') and d between '2024-01-01' and 'z'",
            "select count(*) as n from (select a, count(*) as k from t group by a) as t where k > 1",
        ] {
            assert!(is_plain(sql), "{sql}");
        }
    }

    #[test]
    fn all_others_are_refused() {
        for sql in [
            "select a + 1 from t",
            "select sum(a) from t",
            "select count(distinct a) from t",
            "select count(*) filter (where a = 1) from t",
            "select count(*) over () from t",
            "select a from t join u using (x)",
            "select a from t, u",
            "select * exclude (a) from t",
            "select a from t where b = c",
            "select a from t where m = '1'",
            "select a from t where d > 1",
            "select a from t where f = 0.1",
            "select a from t where k = 'x'",
            "select a from t where a = (select 1)",
            "select a from t where a like 'x%'",
            "select a from t group by all",
            "select a from t group by rollup (a)",
            "select a from t group by a having count(*) > 1",
            "select distinct on (a) a from t",
            "select a from t order by a + 1",
            "select a from t limit 1 + 1",
            "select a from t fetch first 1 rows only",
            "select a from t union select a from t",
            "with u as (select a from t) select a from u",
            "select a from t qualify a = 1",
            "select a from t tablesample (10 percent)",
            "select unnest(a) from t",
            "select 1",
        ] {
            assert!(!is_plain(sql), "{sql}");
        }
    }
}
