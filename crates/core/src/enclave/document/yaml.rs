//! The values of a YAML file.

use super::Scalar;
use crate::yaml::{self, Node, Value};

/// The values of a file.
///
/// # Errors
/// The line, from 1, that is not YAML with one document and no anchors.
pub(super) fn scalars(text: &str) -> Result<Vec<Scalar>, usize> {
    let node = yaml::parse(text.as_bytes()).map_err(|error| error.line)?;
    let mut found = Vec::new();
    add(node, &mut Vec::new(), &mut found);
    Ok(found)
}

fn add(node: Node, path: &mut Vec<String>, found: &mut Vec<Scalar>) {
    let mut inside = |key: String, node: Node, found: &mut Vec<Scalar>| {
        path.push(key);
        add(node, path, found);
        path.pop();
    };
    match node.value {
        Value::Scalar(value) => {
            found.push(Scalar { path: path.clone(), value, span: node.span });
        }
        Value::Sequence(items) => {
            for (index, item) in items.into_iter().enumerate() {
                inside(index.to_string(), item, found);
            }
        }
        Value::Mapping(members) => {
            for (key, _, member) in members {
                inside(key, member, found);
            }
        }
    }
}
