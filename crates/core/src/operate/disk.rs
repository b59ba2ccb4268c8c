//! How much the volumes of a stack occupy, from `docker system df`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Unexpected;
use super::stacks::Stack;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Used {
    name: String,
    size: String,
}

/// The size of each volume of `stack`, by its name in the compose file, as Docker prints it: `12.3MB`. `json`
/// is the answer to `docker system df -v --format '{{json .Volumes}}'`.
///
/// # Errors
/// The text is not what Docker documents.
pub fn volumes(json: &str, stack: &Stack) -> Result<BTreeMap<String, String>, Unexpected> {
    let command = "docker system df";
    let used: Option<Vec<Used>> =
        serde_json::from_str(json).map_err(|source| Unexpected { command, source })?;
    let size = |used: Used| {
        let volume = stack.volumes.iter().find(|volume| volume.name == used.name)?;
        Some((volume.key.clone(), used.size))
    };
    Ok(used.unwrap_or_default().into_iter().filter_map(size).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operate::containers::Volume;

    #[test]
    fn only_the_volumes_of_the_stack_count() {
        let volume = Volume { name: "a_el".into(), project: "a".into(), key: "el".into() };
        let stack = Stack { volumes: vec![volume], ..Stack::default() };
        let json =
            r#"[{"Name": "a_el", "Size": "2.2MB", "Links": "1"}, {"Name": "b_el", "Size": "1kB"}]"#;
        let sizes = volumes(json, &stack).unwrap();
        assert_eq!(sizes, [("el".to_owned(), "2.2MB".to_owned())].into());
        assert!(volumes("null", &stack).unwrap().is_empty());
    }
}
