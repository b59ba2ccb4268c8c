//! Completion of the names of stacks, their services and ports, which only the program knows: the scripts ask
//! the hidden verb `complete`.

use clap::Command;
use clap_complete::Shell;

/// The verbs whose words are names of stacks; the program prints those of a verb.
const VERBS: [&str; 10] =
    ["deploy", "doctor", "down", "logs", "port", "purge", "reset", "restart", "status", "up"];
/// Those that also accept a directory.
const WITH_DIRECTORY: [&str; 2] = ["doctor", "up"];

/// The generated script with the completion of names.
pub(super) fn with_names(shell: Shell, script: String, program: &Command) -> String {
    match shell {
        Shell::Bash => script + &bash(program),
        Shell::Zsh => zsh(&script),
        Shell::Fish => script + &fish(),
        _ => script,
    }
}

/// The options of these verbs that take a value, which is no name.
fn options(program: &Command) -> Vec<String> {
    let verbs = VERBS.iter().filter_map(|verb| program.find_subcommand(verb));
    let options = verbs.flat_map(Command::get_arguments);
    let options = options.filter(|arg| arg.get_action().takes_values());
    let mut names: Vec<_> =
        options.filter_map(|arg| Some(format!("--{}", arg.get_long()?))).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn bash(program: &Command) -> String {
    format!(
        r#"
# Stacks, services and ports.
_regenesis_names() {{
    _regenesis "$@"
    local cur="${{COMP_WORDS[COMP_CWORD]}}" prev="${{COMP_WORDS[COMP_CWORD-1]}}" verb="${{COMP_WORDS[1]}}"
    [[ $COMP_CWORD -ge 2 && "$cur" != -* ]] || return 0
    case "$prev" in {options}) return 0 ;; esac
    case "$verb" in {verbs}) ;; *) return 0 ;; esac
    COMPREPLY=( $(compgen -W "$(regenesis complete "$verb" 2>/dev/null)" -- "$cur") )
    case "$verb" in {directory}) COMPREPLY+=( $(compgen -d -- "$cur") ) ;; esac
}}
complete -F _regenesis_names -o bashdefault -o default regenesis
"#,
        options = options(program).join("|"),
        verbs = VERBS.join("|"),
        directory = WITH_DIRECTORY.join("|"),
    )
}

/// In the generated script, the arguments of a verb complete to files.
fn zsh(script: &str) -> String {
    const END: &str = "\nif [ \"$funcstack[1]\" = \"_regenesis\" ]; then";
    const FUNCTION: &str = r#"
# Stacks, services and ports; the context ends with the verb.
_regenesis_names() {
    local verb=${${curcontext%:*}##*-}
    compadd -- ${(f)"$(regenesis complete $verb 2>/dev/null)"}
    case $verb in doctor|up) _files -/ ;; esac
}
"#;
    let is_name = |line: &str| {
        let starts = ["'::stack -- ", "'*::words -- ", "'::snapshot -- Snapshot directory, "];
        starts.iter().any(|start| line.starts_with(start))
    };
    let line = |line: &str| match line.strip_suffix(":_default' \\") {
        Some(before) if is_name(line) => format!("{before}:_regenesis_names' \\\n"),
        _ => format!("{line}\n"),
    };
    let script: String = script.lines().map(line).collect();
    script.replacen(END, &format!("{FUNCTION}{END}"), 1)
}

fn fish() -> String {
    let line = |verbs: &[&str], files: &str| {
        format!(
            "complete -c regenesis -n \"__fish_regenesis_using_subcommand {}\" {files}-a \"(regenesis \
             complete (__fish_regenesis_needs_command) 2>/dev/null)\"\n",
            verbs.join(" ")
        )
    };
    let names: Vec<_> = VERBS.into_iter().filter(|verb| !WITH_DIRECTORY.contains(verb)).collect();
    line(&names, "-f ") + &line(&WITH_DIRECTORY, "")
}
