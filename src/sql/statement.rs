//! Statements, checked before they run.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{self, Ident, ObjectName, ObjectNamePart, Query, SetExpr, TableFactor, Visit, Visitor, visit_relations_mut};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, Tokenizer};

use super::SqlError;
use super::names::name_columns;

/// One SELECT over tables. Names without quotes are in lower case, as those of adg's tables and columns are. Each column of the
/// result has a name.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement(ast::Statement);

impl Statement {
    /// Reads a statement.
    ///
    /// # Errors
    /// It is not a single SELECT, or reads anything but tables: functions of engines read any file and any address.
    pub fn parse(sql: &str) -> Result<Self, SqlError> {
        let dialect = GenericDialect {};
        let wrong = |error: &dyn ToString| SqlError::refused(error.to_string(), "correct the statement at that place");
        let mut tokens = Tokenizer::new(&dialect, sql).tokenize_with_location().map_err(|error| wrong(&error))?;
        for token in &mut tokens {
            if let Token::Word(word) = &mut token.token
                && word.quote_style.is_none()
            {
                word.value = word.value.to_lowercase();
            }
        }
        let parsed = Parser::new(&dialect).with_tokens_with_locations(tokens).parse_statements();
        let [mut statement] = <[ast::Statement; 1]>::try_from(parsed.map_err(|error| wrong(&error))?)
            .map_err(|all| SqlError::refused(format!("there are {} statements", all.len()), "write one SELECT"))?;
        match statement.visit(&mut OnlySelects) {
            ControlFlow::Break(reason) => Err(SqlError::refused(reason, "write one SELECT over tables")),
            ControlFlow::Continue(()) => {
                if let ast::Statement::Query(query) = &mut statement {
                    name_columns(query);
                }
                Ok(Self(statement))
            }
        }
    }

    /// Returns the names of the tables that it reads, the parts of each joined by dots. Those that it defines itself by `WITH`
    /// are not among them where they are in reach.
    pub fn tables(&self) -> BTreeSet<String> {
        let mut found = Tables::default();
        let _ = self.0.visit(&mut found);
        found.names
    }

    /// Makes one name in quotes of each name with several parts: engines know no databases.
    #[must_use]
    pub fn with_single_names(mut self) -> Self {
        let _ = visit_relations_mut(&mut self.0, |relation: &mut ObjectName| {
            if relation.0.len() > 1 {
                relation.0 = vec![ObjectNamePart::Identifier(Ident::with_quote('"', written(relation)))];
            }
            ControlFlow::<()>::Continue(())
        });
        self
    }

    pub(super) fn ast(&self) -> &ast::Statement {
        &self.0
    }

    pub(super) fn ast_mut(&mut self) -> &mut ast::Statement {
        &mut self.0
    }

    /// Returns the text that an engine runs: what was checked.
    pub fn text(&self) -> String {
        self.0.to_string()
    }
}

/// Returns a name with its parts joined by dots.
fn written(name: &ObjectName) -> String {
    name.0.iter().filter_map(ObjectNamePart::as_ident).map(|ident| ident.value.as_str()).collect::<Vec<_>>().join(".")
}

/// Functions that make rows, and read nothing.
const MAKE_ROWS: [&str; 3] = ["generate_series", "range", "unnest"];

/// A visitor that accepts only statements that read tables.
struct OnlySelects;

impl Visitor for OnlySelects {
    type Break = String;

    fn pre_visit_statement(&mut self, statement: &ast::Statement) -> ControlFlow<String> {
        match statement {
            ast::Statement::Query(_) => ControlFlow::Continue(()),
            _ => ControlFlow::Break("only SELECT is run: tables are changed by runs alone".to_owned()),
        }
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<String> {
        match &*query.body {
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
                ControlFlow::Break("only SELECT is run: tables are changed by runs alone".to_owned())
            }
            SetExpr::Select(select) if select.into.is_some() => ControlFlow::Break("SELECT INTO is not run".to_owned()),
            _ => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<String> {
        match factor {
            TableFactor::Table { name, args: Some(_), .. } if MAKE_ROWS.contains(&written(name).as_str()) => {
                ControlFlow::Continue(())
            }
            TableFactor::Table { args: None, .. }
            | TableFactor::Derived { .. }
            | TableFactor::Pivot { .. }
            | TableFactor::Unpivot { .. }
            | TableFactor::NestedJoin { .. }
            | TableFactor::UNNEST { .. } => ControlFlow::Continue(()),
            other => ControlFlow::Break(format!("`{other}` is no table: functions that read files or addresses are not run")),
        }
    }
}

/// A visitor that collects the tables of a statement.
#[derive(Default)]
struct Tables {
    names: BTreeSet<String>,
    /// Names of functions, which are no tables.
    functions: Vec<*const ObjectName>,
    /// Queries around the place at hand, from the outermost.
    around: Vec<Around>,
}

/// Names that a query defines, and those that are in reach around it.
struct Around {
    outer: BTreeSet<String>,
    /// Each with the address of its own query.
    own: Vec<(String, *const Query)>,
    is_recursive: bool,
}

impl Around {
    /// Returns the names in reach in a query within this one: its definitions, or, in one of them, those before it.
    fn in_reach(&self, within: &Query) -> BTreeSet<String> {
        let place = self.own.iter().position(|(_, query)| std::ptr::eq(*query, within));
        let count = place.map_or(self.own.len(), |place| place + usize::from(self.is_recursive));
        self.outer.iter().chain(self.own.iter().take(count).map(|(name, _)| name)).cloned().collect()
    }
}

impl Visitor for Tables {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let outer = self.around.last().map(|around| around.in_reach(query)).unwrap_or_default();
        let with = query.with.iter().flat_map(|with| &with.cte_tables);
        let own = with.map(|cte| (cte.alias.name.value.clone(), std::ptr::from_ref(&*cte.query))).collect();
        let is_recursive = query.with.as_ref().is_some_and(|with| with.recursive);
        self.around.push(Around { outer, own, is_recursive });
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.around.pop();
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        if let TableFactor::Table { name, args: Some(_), .. } = factor {
            self.functions.push(std::ptr::from_ref(name));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
        if self.functions.contains(&std::ptr::from_ref(relation)) {
            return ControlFlow::Continue(());
        }
        let name = written(relation);
        let is_defined = relation.0.len() == 1
            && self
                .around
                .last()
                .is_some_and(|around| around.outer.contains(&name) || around.own.iter().any(|(own, _)| *own == name));
        if !is_defined {
            self.names.insert(name);
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tables(sql: &str) -> Vec<String> {
        Statement::parse(sql).unwrap().tables().into_iter().collect()
    }

    #[test]
    fn tables_are_found_wherever_they_stand() {
        assert_eq!(
            tables("select 'uc.bids' as t, b.x from UC.Bids b join vacancies v on b.x = v.x where b.x in (select x from other)"),
            ["other", "uc.bids", "vacancies"]
        );
        let deep = "select * from (select * from uc.bids union all select * from uc.bids) t, unnest([1]) u";
        assert_eq!(tables(deep), ["uc.bids"]);
        let named = Statement::parse(deep).unwrap().with_single_names().text();
        assert!(named.contains("FROM \"uc.bids\""), "{named}");
    }

    #[test]
    fn what_a_statement_defines_itself_is_none_of_its_tables() {
        assert_eq!(tables("with a as (select 1 as x) select * from a"), [""; 0]);
        // A definition sees those before it, and not itself.
        assert_eq!(tables("with orders as (select * from orders) select * from orders"), ["orders"]);
        assert_eq!(tables("with a as (select * from b), b as (select * from a) select * from a, b"), ["b"]);
        assert_eq!(tables("select * from generate_series(1, 3) t, lateral (select * from b) x"), ["b"]);
        assert_eq!(tables("with recursive a as (select * from a) select * from a"), [""; 0]);
        // It is in reach in what lies deeper, and not outside.
        assert_eq!(tables("select * from (with a as (select 1 as x) select * from a where x in (select x from a)) t, a"), ["a"]);
    }

    #[test]
    fn names_are_lower_case_unless_they_stand_in_quotes() {
        let text = Statement::parse("Select Max(O.\"Id\") As Top, 'Ann' From Orders O").unwrap().text();
        assert_eq!(text, "SELECT max(o.\"Id\") AS top, 'Ann' AS \"column_2\" FROM orders o");
    }

    #[test]
    fn only_selects_from_tables_are_run() {
        for sql in [
            "this is no SQL",
            "",
            "select 1; select 2",
            "delete from uc.bids",
            "truncate table uc.bids",
            "drop table uc.bids",
            "create table x as select 1",
            "insert into uc.bids values (1)",
            "explain select 1",
            "select * into x from uc.bids",
            "select * from read_csv('/etc/passwd')",
            "select * from uc.bids join read_parquet('http://localhost/x.parquet') using (x)",
            "with t as (select * from scan_csv('x')) select * from t",
            "select (select max(a) from read_json('x')) from uc.bids",
            "select * from uc.bids where x in (select x from read_ipc('x'))",
            "select * from table(read_csv('x'))",
            "select * from lateral read_csv('x')",
        ] {
            assert!(matches!(Statement::parse(sql), Err(SqlError::Refused { .. })), "{sql}");
        }
    }
}
