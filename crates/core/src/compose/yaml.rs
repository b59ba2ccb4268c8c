//! Writes YAML: as little of it as a compose file needs, in one style.

use std::fmt::Write as _;

/// A node of a YAML document. A mapping leaves out keys whose collection is empty.
#[derive(Debug)]
pub(super) enum Node {
    /// A scalar as it stands: a number, a duration, a word.
    Plain(String),
    /// A scalar in double quotes, as all text with settings or of users is written.
    Quoted(String),
    /// A sequence on one line.
    Flow(Vec<Node>),
    /// A sequence of one line per scalar.
    Block(Vec<Node>),
    /// A mapping, in this order.
    Map(Vec<(String, Node)>),
}

impl Node {
    pub(super) fn map<K: Into<String>>(entries: impl IntoIterator<Item = (K, Self)>) -> Self {
        Self::Map(entries.into_iter().map(|(key, node)| (key.into(), node)).collect())
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Plain(_) | Self::Quoted(_) => false,
            Self::Flow(nodes) | Self::Block(nodes) => nodes.is_empty(),
            Self::Map(entries) => entries.is_empty(),
        }
    }

    /// The node on one line.
    fn inline(&self) -> String {
        let list = |nodes: &[Self]| nodes.iter().map(Self::inline).collect::<Vec<_>>().join(", ");
        match self {
            Self::Plain(text) => text.clone(),
            // The strings of JSON are double-quoted scalars of YAML.
            Self::Quoted(text) => serde_json::Value::from(text.as_str()).to_string(),
            Self::Flow(nodes) | Self::Block(nodes) => format!("[{}]", list(nodes)),
            Self::Map(entries) => {
                let entries = entries.iter().map(|(key, node)| format!("{key}: {}", node.inline()));
                format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
            }
        }
    }

    /// Writes the node at `depth`, two spaces each.
    pub(super) fn write(&self, out: &mut String, depth: usize) {
        let indent = 2 * depth;
        match self {
            Self::Map(entries) => {
                for (key, node) in entries.iter().filter(|(_, node)| !node.is_empty()) {
                    match node {
                        Self::Map(_) | Self::Block(_) => {
                            let _ = writeln!(out, "{:indent$}{key}:", "");
                            node.write(out, depth + 1);
                        }
                        _ => {
                            let _ = writeln!(out, "{:indent$}{key}: {}", "", node.inline());
                        }
                    }
                }
            }
            Self::Block(nodes) => {
                for node in nodes {
                    let _ = writeln!(out, "{:indent$}- {}", "", node.inline());
                }
            }
            _ => {
                let _ = writeln!(out, "{:indent$}{}", "", self.inline());
            }
        }
    }
}
