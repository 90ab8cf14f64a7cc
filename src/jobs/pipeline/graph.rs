//! Order of statements, each after those that it reads.

use std::collections::{BTreeMap, BTreeSet};

use crate::identity::NodeName;

/// A circle of statements that read each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Circle(pub(super) Vec<NodeName>);

impl Circle {
    /// Returns the way around it: `a <- b <- a`.
    pub(super) fn way(&self) -> String {
        self.0.iter().chain(self.0.first()).map(NodeName::as_str).collect::<Vec<_>>().join(" <- ")
    }
}

/// Returns the statements, each after those among them that it reads, and otherwise in the order that they have.
pub(super) fn ordered<'n>(
    statements: impl IntoIterator<Item = &'n NodeName>,
    read: &BTreeMap<NodeName, BTreeSet<NodeName>>,
) -> Result<Vec<NodeName>, Circle> {
    let mut order = Vec::new();
    for name in statements {
        visit(name, read, &mut Vec::new(), &mut order)?;
    }
    Ok(order)
}

fn visit(
    name: &NodeName,
    read: &BTreeMap<NodeName, BTreeSet<NodeName>>,
    way: &mut Vec<NodeName>,
    order: &mut Vec<NodeName>,
) -> Result<(), Circle> {
    if order.contains(name) {
        return Ok(());
    }
    if let Some(first) = way.iter().position(|seen| seen == name) {
        return Err(Circle(way[first..].to_vec()));
    }
    let Some(inputs) = read.get(name) else { return Ok(()) };
    way.push(name.clone());
    inputs.iter().try_for_each(|input| visit(input, read, way, order))?;
    way.pop();
    order.push(name.clone());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(graph: &[(&str, &[&str])]) -> Result<Vec<String>, String> {
        let node = |name: &&str| name.parse::<NodeName>().unwrap();
        let read: BTreeMap<_, _> = graph.iter().map(|(name, inputs)| (node(name), inputs.iter().map(node).collect())).collect();
        let names: Vec<NodeName> = graph.iter().map(|(name, _)| node(name)).collect();
        let order = ordered(&names, &read).map_err(|circle| circle.way())?;
        Ok(order.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_statement_comes_after_what_it_reads() {
        assert_eq!(order(&[("c", &["b", "orders"]), ("b", &["a"]), ("a", &[]), ("d", &["a"])]).unwrap(), ["a", "b", "c", "d"]);
        assert_eq!(order(&[]).unwrap(), [""; 0]);
    }

    #[test]
    fn circles_are_told() {
        assert_eq!(order(&[("a", &["a"])]).unwrap_err(), "a <- a");
        assert_eq!(order(&[("x", &["a"]), ("a", &["b"]), ("b", &["c"]), ("c", &["a"])]).unwrap_err(), "a <- b <- c <- a");
    }

    #[test]
    fn a_chain_of_many_is_ordered() {
        let names: Vec<String> = (0..2000).map(|number| format!("n{number:04}")).collect();
        let inputs: Vec<Vec<&str>> = names.iter().skip(1).map(|name| vec![name.as_str()]).chain([Vec::new()]).collect();
        let graph: Vec<(&str, &[&str])> =
            names.iter().zip(&inputs).map(|(name, read)| (name.as_str(), read.as_slice())).collect();
        assert_eq!(order(&graph).unwrap().first().unwrap(), "n1999");
    }
}
