//! Shell arithmetic: 64-bit numbers with the operators of C.

use super::Error;
use super::shell::Shell;
use super::values::error;

/// Binary operators and their precedence.
const BINARY: [(&str, u8); 19] = [
    ("||", 1),
    ("&&", 2),
    ("==", 6),
    ("!=", 6),
    ("<=", 7),
    (">=", 7),
    ("<<", 8),
    (">>", 8),
    ("**", 11),
    ("|", 3),
    ("^", 4),
    ("&", 5),
    ("<", 7),
    (">", 7),
    ("+", 9),
    ("-", 9),
    ("*", 10),
    ("/", 10),
    ("%", 10),
];

/// The limit of nested expressions.
const MAX_DEPTH: usize = 64;

/// The value of the expression `text`. Names are variables of `shell`.
///
/// # Errors
/// It is not an expression, or divides by 0.
pub fn evaluate(text: &str, shell: &mut Shell<'_>, line: usize) -> Result<i64, Error> {
    let mut reader = Reader { rest: text, shell, depth: 0 };
    reader.blanks();
    let value = if reader.rest.is_empty() { Some(0) } else { reader.expression(0) };
    let ended = reader.rest.is_empty();
    value.filter(|_| ended).ok_or_else(|| {
        let hint = "use numbers, names, + - * / % and parentheses";
        error(&shell.subject, line, "has invalid arithmetic", hint)
    })
}

struct Reader<'r, 's, 'a> {
    rest: &'r str,
    shell: &'s mut Shell<'a>,
    depth: usize,
}

impl Reader<'_, '_, '_> {
    fn blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, prefix: &str) -> bool {
        let rest = self.rest.strip_prefix(prefix);
        self.rest = rest.unwrap_or(self.rest);
        self.blanks();
        rest.is_some()
    }

    fn expression(&mut self, least: u8) -> Option<i64> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let mut left = self.operand()?;
        loop {
            let found = BINARY.into_iter().find(|(sign, _)| self.rest.starts_with(sign));
            let Some((sign, binds)) = found.filter(|(_, binds)| *binds >= least) else { break };
            self.take(sign);
            // ** is right-associative.
            let right = self.expression(if sign == "**" { binds } else { binds + 1 })?;
            left = apply(sign, left, right)?;
        }
        if least == 0 && self.take("?") {
            let yes = self.expression(0)?;
            let no = self.take(":").then(|| self.expression(0)).flatten()?;
            left = if left != 0 { yes } else { no };
        }
        self.depth -= 1;
        Some(left)
    }

    fn operand(&mut self) -> Option<i64> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let value = if self.take("(") {
            let value = self.expression(0)?;
            self.take(")").then_some(value)
        } else if self.take("-") {
            Some(self.operand()?.wrapping_neg())
        } else if self.take("+") {
            self.operand()
        } else if self.take("!") {
            Some(i64::from(self.operand()? == 0))
        } else if self.take("~") {
            Some(!self.operand()?)
        } else {
            self.atom()
        };
        self.depth -= 1;
        value
    }

    fn atom(&mut self) -> Option<i64> {
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let end = self.rest.find(|c| !word(c)).unwrap_or(self.rest.len());
        let (atom, rest) = self.rest.split_at(end);
        self.rest = rest;
        self.blanks();
        if atom.starts_with(|c: char| c.is_ascii_digit()) {
            return number(atom);
        }
        if atom.is_empty() {
            return None;
        }
        let value = self.shell.value(atom).unwrap_or_default();
        if value.trim().is_empty() { Some(0) } else { number(value.trim()) }
    }
}

fn number(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let hex = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X"));
    let value = match hex {
        Some(hex) => i64::from_str_radix(hex, 16),
        None if digits.len() > 1 && digits.starts_with('0') => i64::from_str_radix(digits, 8),
        None => digits.parse(),
    };
    value.ok().map(|value| if negative { value.wrapping_neg() } else { value })
}

fn apply(sign: &str, left: i64, right: i64) -> Option<i64> {
    let shift = u32::try_from(right & 63).unwrap_or_default();
    Some(match sign {
        "||" => i64::from(left != 0 || right != 0),
        "&&" => i64::from(left != 0 && right != 0),
        "|" => left | right,
        "^" => left ^ right,
        "&" => left & right,
        "==" => i64::from(left == right),
        "!=" => i64::from(left != right),
        "<=" => i64::from(left <= right),
        ">=" => i64::from(left >= right),
        "<" => i64::from(left < right),
        ">" => i64::from(left > right),
        "<<" => left.wrapping_shl(shift),
        ">>" => left.wrapping_shr(shift),
        "+" => left.wrapping_add(right),
        "-" => left.wrapping_sub(right),
        "*" => left.wrapping_mul(right),
        "/" => left.checked_div(right)?,
        "%" => left.checked_rem(right)?,
        _ => left.wrapping_pow(u32::try_from(right).ok()?),
    })
}
