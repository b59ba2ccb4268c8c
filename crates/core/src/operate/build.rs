//! The images that a stack builds itself: the `build` sections of its compose files, and what of a build
//! context is an input.

use crate::yaml::{self, Node, Value};

/// A service with a `build` section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Build {
    /// The service.
    pub service: String,
    /// The name of its image, if the file names it; Compose chooses one otherwise.
    pub image: Option<String>,
    /// The directory with its inputs, an absolute path.
    pub context: String,
    /// The path of its Dockerfile, from the context.
    pub dockerfile: String,
    /// The complete section as text, which is an input, too.
    pub section: String,
}

/// The services with a `build` section, from the answer to `docker compose config`.
///
/// # Errors
/// The text is no YAML.
pub fn builds(config: &str) -> Result<Vec<Build>, yaml::Error> {
    let root = yaml::parse(config.as_bytes())?;
    let services = member(&root, "services").map(members).unwrap_or_default();
    Ok(services.iter().filter_map(|(name, _, service)| build(name, service)).collect())
}

fn build(service: &str, node: &Node) -> Option<Build> {
    let section = member(node, "build")?;
    let (context, dockerfile) = match &section.value {
        Value::Scalar(context) => (context.clone(), None),
        _ => (member(section, "context").and_then(text)?, member(section, "dockerfile")),
    };
    Some(Build {
        service: service.to_owned(),
        image: member(node, "image").and_then(text),
        context,
        dockerfile: dockerfile.and_then(text).unwrap_or_else(|| "Dockerfile".to_owned()),
        section: canonical(section),
    })
}

fn members(node: &Node) -> &[(String, usize, Node)] {
    match &node.value {
        Value::Mapping(members) => members,
        _ => &[],
    }
}

fn member<'a>(node: &'a Node, name: &str) -> Option<&'a Node> {
    members(node).iter().find(|(key, ..)| key == name).map(|(.., value)| value)
}

fn text(node: &Node) -> Option<String> {
    match &node.value {
        Value::Scalar(text) => Some(text.clone()),
        _ => None,
    }
}

/// The same text for the same values, wherever they are in the file.
fn canonical(node: &Node) -> String {
    match &node.value {
        Value::Scalar(text) => format!("{text:?}"),
        Value::Sequence(items) => {
            let items: Vec<_> = items.iter().map(canonical).collect();
            format!("[{}]", items.join(","))
        }
        Value::Mapping(members) => {
            let mut members: Vec<_> =
                members.iter().map(|(key, _, value)| (key, canonical(value))).collect();
            members.sort_unstable();
            let members = members.into_iter().map(|(key, value)| format!("{key:?}:{value}"));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
    }
}

/// The patterns of a `.dockerignore`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ignored(Vec<(bool, String)>);

impl Ignored {
    /// The patterns in a file; of several that match, the last decides.
    pub fn parse(text: &str) -> Self {
        let pattern = |line: &str| {
            let line = line.trim();
            let (keeps, line) = match line.strip_prefix('!') {
                Some(rest) => (true, rest.trim()),
                None => (false, line),
            };
            let line = line.trim_start_matches("./").trim_matches('/');
            (!line.is_empty() && !line.starts_with('#')).then(|| (keeps, line.to_owned()))
        };
        Self(text.lines().filter_map(pattern).collect())
    }

    /// Whether the file or directory at this path, from the context, is no input.
    pub fn has(&self, path: &str) -> bool {
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        let above: Vec<_> = ends.map(|end| &path[..end]).collect();
        let mut ignored = false;
        for (keeps, pattern) in &self.0 {
            if above.iter().any(|path| matches(pattern.as_bytes(), path.as_bytes())) {
                ignored = !keeps;
            }
        }
        ignored
    }

    /// Whether nothing below this directory can be an input.
    pub fn has_all_below(&self, path: &str) -> bool {
        self.has(path) && self.0.iter().all(|(keeps, _)| !keeps)
    }
}

/// Whether a pattern matches a path: `*` and `?` match no `/`, `**` matches any text. A pattern with other
/// special characters matches nothing, so that its files count as inputs.
fn matches(pattern: &[u8], path: &[u8]) -> bool {
    match pattern {
        [] => path.is_empty(),
        // `**/` also matches no directory at all.
        [b'*', b'*', b'/', rest @ ..] => {
            matches(rest, path)
                || (0..path.len()).any(|at| path[at] == b'/' && matches(rest, &path[at + 1..]))
        }
        [b'*', b'*', rest @ ..] => (0..=path.len()).any(|at| matches(rest, &path[at..])),
        [b'*', rest @ ..] => {
            let end = path.iter().position(|byte| *byte == b'/').unwrap_or(path.len());
            (0..=end).any(|at| matches(rest, &path[at..]))
        }
        [b'[' | b'\\', ..] => false,
        [b'?', rest @ ..] => {
            path.split_first().is_some_and(|(byte, path)| *byte != b'/' && matches(rest, path))
        }
        [first, rest @ ..] => {
            path.split_first().is_some_and(|(byte, path)| byte == first && matches(rest, path))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_that_are_built_are_found_in_both_forms_of_a_section() {
        // As docker-compose 1.29 and Docker Compose 2 print them.
        let config = "name: a\nservices:\n  el:\n    build:\n      context: /x/geth\n      \
                      dockerfile: Dockerfile\n      args:\n        B: '1'\n        A: '2'\n    \
                      image: geth:mine\n  cl:\n    image: cl:1\n  explorer:\n    build: /x/explorer\n";
        let found = builds(config).unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!((&*found[0].service, found[0].image.as_deref()), ("el", Some("geth:mine")));
        assert_eq!((&*found[0].context, &*found[0].dockerfile), ("/x/geth", "Dockerfile"));
        assert!(found[0].section.contains("\"A\":\"2\",\"B\":\"1\""), "{}", found[0].section);
        assert_eq!((&*found[1].context, &found[1].image), ("/x/explorer", &None));
        assert_eq!(builds("services: {}\n").unwrap(), []);
        assert!(builds("services: [").is_err());
    }

    #[test]
    fn ignored_files_are_no_inputs() {
        let ignored =
            Ignored::parse("# no\n/.git\ntarget/\n*.log\n**/cache\na/**/z?\n!keep.log\n[x]\n");
        for path in [".git", ".git/HEAD", "target/debug/x", "one.log", "a/b/cache/x", "cache"] {
            assert!(ignored.has(path), "{path}");
        }
        for path in ["src/one.log", "keep.log", "Dockerfile", "my.git", "x", "a/b/zz/z"] {
            assert_eq!(ignored.has(path), path == "a/b/zz/z", "{path}");
        }
        assert!(ignored.has("a/zz") && ignored.has("a/b/c/zz") && !ignored.has("a/b/zzz"));
        assert!(!ignored.has_all_below("target"), "an exception may be below it");
        assert!(Ignored::parse("target").has_all_below("target"));
        assert!(!Ignored::default().has("x"));
    }
}
