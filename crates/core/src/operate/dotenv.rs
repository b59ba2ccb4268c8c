//! The lines of a `.env` file, as `up.sh` reads them.

/// A line `NAME=VALUE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its number, from 1.
    pub number: usize,
    /// The name.
    pub name: String,
    /// The value, without quotes and comments; `None` if the line has no `=`.
    pub value: Option<String>,
}

/// The lines of `text`, without empty ones and comments. A line without a value, as Compose files leave
/// them, is no setting.
pub fn lines(text: &str) -> Vec<Line> {
    let line = |(index, line): (usize, &str)| {
        let line = line.trim();
        let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
        if line.is_empty() || line.starts_with('#') {
            return None;
        }
        let number = index + 1;
        let Some((name, value)) = line.split_once('=') else {
            return Some(Line { number, name: line.to_owned(), value: None });
        };
        let value = unquoted(value.trim());
        let value = (!value.is_empty()).then(|| value.to_owned())?;
        Some(Line { number, name: name.trim().to_owned(), value: Some(value) })
    };
    text.lines().enumerate().filter_map(line).collect()
}

fn unquoted(value: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some(rest) = value.strip_prefix(quote) {
            return rest.split(quote).next().unwrap_or_default();
        }
    }
    let comment = value.find(" #").or_else(|| value.find("\t#"));
    comment.map_or(value, |at| &value[..at]).trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_up_sh_reads_them() {
        let text =
            "# a\n\n EL_HTTP_PORT=9545 # mine\nexport WAIT='30'\nX=\"a b\" c\nY=\nnonsense\r\n";
        let value = |line: Line| (line.number, line.name, line.value.unwrap_or_default());
        let read: Vec<_> = lines(text).into_iter().map(value).collect();
        let line = |number, name: &str, value: &str| (number, name.to_owned(), value.to_owned());
        let expected = [
            line(3, "EL_HTTP_PORT", "9545"),
            line(4, "WAIT", "30"),
            line(5, "X", "a b"),
            line(7, "nonsense", ""),
        ];
        assert_eq!(read, expected);
    }
}
