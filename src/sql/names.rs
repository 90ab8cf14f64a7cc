//! Names of columns that a statement does not name: those of PostgreSQL, so that each can be the name of a table's column.

use std::collections::BTreeSet;

use sqlparser::ast::{Expr, Ident, ObjectNamePart, Query, Select, SelectItem, SetExpr};

/// `DuckDB`'s way to select columns by a pattern: there may be several.
const SEVERAL: &str = "columns";

/// Names the columns of a query's result: `max(price)` is `max`, another expression is `column_2` by its place.
pub(super) fn name_columns(query: &mut Query) {
    let Some(select) = first_select(&mut query.body) else { return };
    let mut taken: BTreeSet<String> = select.projection.iter().filter_map(own_name).collect();
    for (place, item) in (1..).zip(&mut select.projection) {
        let SelectItem::UnnamedExpr(expr) = &*item else { continue };
        if own_name(item).is_some() || expr.to_string().contains(&format!("{SEVERAL}(")) {
            continue;
        }
        let name = implied(expr).unwrap_or_else(|| format!("column_{place}"));
        let name = std::iter::once(name.clone()).chain((2..).map(|number| format!("{name}_{number}")));
        let Some(name) = name.into_iter().find(|name| taken.insert(name.clone())) else { continue };
        *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias: Ident::with_quote('"', name) };
    }
}

/// Returns the SELECT that names the columns: of UNION and the like it is the first.
fn first_select(body: &mut SetExpr) -> Option<&mut Select> {
    match body {
        SetExpr::Select(select) => Some(select),
        SetExpr::Query(query) => first_select(&mut query.body),
        SetExpr::SetOperation { left, .. } => first_select(left),
        _ => None,
    }
}

/// Returns the name that a column has already.
fn own_name(item: &SelectItem) -> Option<String> {
    match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(alias.value.clone()),
        SelectItem::UnnamedExpr(Expr::Identifier(name)) => Some(name.value.clone()),
        SelectItem::UnnamedExpr(Expr::CompoundIdentifier(parts)) => Some(parts.last()?.value.clone()),
        _ => None,
    }
}

fn implied(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Identifier(name) => Some(name.value.clone()),
        Expr::CompoundIdentifier(parts) => Some(parts.last()?.value.clone()),
        Expr::Function(function) => Some(function.name.0.last().and_then(ObjectNamePart::as_ident)?.value.clone()),
        Expr::Nested(inner) | Expr::Cast { expr: inner, .. } => implied(inner),
        Expr::Extract { .. } => Some("extract".to_owned()),
        Expr::Case { .. } => Some("case".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::sql::Statement;

    #[test]
    fn columns_without_a_name_get_one() {
        for (sql, named) in [
            ("select max(a), t.b, c from t", "SELECT max(a) AS \"max\", t.b, c FROM t"),
            ("select max(a), max(b), a as max_2 from t", "SELECT max(a) AS \"max\", max(b) AS \"max_3\", a AS max_2 FROM t"),
            ("select *, a + 1, cast(b as int) from t", "SELECT *, a + 1 AS \"column_2\", CAST(b AS INT) AS \"b\" FROM t"),
            ("select count(*) from t union all select 1", "SELECT count(*) AS \"count\" FROM t UNION ALL SELECT 1"),
            ("select max(columns(*)) from t", "SELECT max(columns(*)) FROM t"),
            ("select x from (select max(a) as x from t) as u", "SELECT x FROM (SELECT max(a) AS x FROM t) AS u"),
        ] {
            assert_eq!(Statement::parse(sql).unwrap().text(), named, "{sql}");
        }
    }
}
