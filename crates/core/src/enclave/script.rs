//! The scripts that fill a new database of an enclave.

/// How the statements of kurtosis-cdk's scripts begin. Source: its `databases/*.sql`.
const STATEMENTS: [&str; 9] = [
    "create user ",
    "create role ",
    "create database ",
    "create schema ",
    "create table ",
    "create index ",
    "create type ",
    "alter ",
    "grant ",
];
/// What evaluates an expression at once, or quotes another language.
const EVALUATED: [&str; 4] = ["select", "execute", "$$", "`"];
/// The only command of psql.
const CONNECT: &str = "\\connect ";

/// Whether a script for psql does no more than describe users, databases and tables. The server runs a script
/// with all rights: `\!`, `COPY … PROGRAM` or a function would run any program in its container.
pub fn only_describes(script: &str) -> bool {
    let lines = script.lines().map(|line| line.split("--").next().unwrap_or_default().trim());
    let mut sql = String::new();
    for line in lines.map(str::to_ascii_lowercase) {
        match line.strip_prefix(CONNECT) {
            Some(database) => {
                let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-; ".contains(&byte);
                if !database.bytes().all(is_plain) {
                    return false;
                }
            }
            None => sql.extend([&*line, " "]),
        }
    }
    let is_known = |statement: &str| STATEMENTS.iter().any(|start| statement.starts_with(start));
    let mut statements = sql.split(';').map(str::trim).filter(|statement| !statement.is_empty());
    !sql.contains('\\')
        && EVALUATED.iter().all(|word| !sql.contains(word))
        && statements.all(is_known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_databases_and_tables_are_described() {
        let script = "-- prover\nCREATE USER prover_user with password 'x';\nCREATE DATABASE prover_db OWNER \
                      prover_user;\ngrant all on database prover_db to prover_user;\n\\connect prover_db prover_user;\n\
                      CREATE SCHEMA state;\nCREATE TABLE state.program (hash BYTEA PRIMARY KEY,\n  data \
                      BYTEA NOT NULL);\nALTER SCHEMA state OWNER TO prover_user;\n";
        assert!(only_describes(script) && only_describes(""));
    }

    #[test]
    fn anything_that_runs_is_found() {
        for statement in [
            "\\! id",
            "\\connect `id`",
            "\\connect x \\! id",
            "COPY x FROM PROGRAM 'id';",
            "CREATE FUNCTION f() RETURNS int LANGUAGE c;",
            "create table x as select lo_export(1, '/x');",
            "DO $$ BEGIN END $$;",
            "CREATE TABLE x (a int); LOAD '/x.so';",
            "INSERT INTO x VALUES (1);",
        ] {
            assert!(!only_describes(statement), "{statement}");
        }
    }
}
