//! `compose` on a snapshot that already has a stack.

use super::{Home, assert_kept};

const FILES: [&str; 2] = ["out/docker-compose.yml", "out/up.sh"];

#[test]
fn an_edited_stack_is_never_overwritten() {
    for file in FILES {
        for edit in [
            "echo '# mine' >>X",
            "sed -i '5s/^/# /' X",
            "sed -i '3d' X",
            "sed -i '1s/^/ /' X",
            "printf '\\377' >>X",
            "tr -d '\\n' <X >t; mv t X",
            "printf mine >X",
            ": >X",
        ] {
            let home = Home::new();
            home.capture();
            home.shell(&edit.replace('X', file));
            home.refuses(&["compose", "out"], file);
        }
    }
}

#[test]
fn an_unedited_stack_is_written_again() {
    let home = Home::new();
    home.capture();
    home.write("out/.env", "BIND=127.0.0.1\n");
    home.write("out/docker-compose.override.yml", "services: {}\n");
    let (before, env) = (home.state("out"), home.read("out/.env"));
    home.ok(&["compose", "out"]);
    assert_eq!(FILES.map(|file| home.read(file)).len(), 2);
    assert_eq!(home.read("out/.env"), env);
    // Files of the first release have no seal.
    for file in FILES {
        let text = home.read(file);
        let plain: Vec<_> = text.lines().filter(|line| !line.contains("regenesis seal")).collect();
        assert_eq!(plain.len() + 1, text.lines().count());
        home.write(file, format!("{}\n", plain.join("\n")));
        home.ok(&["compose", "out"]);
        assert_eq!(home.read(file), text);
    }
    // Another version writes a different text with a valid seal.
    let other = regenesis::compose::seal::seal("services: {}\n");
    home.write("out/docker-compose.yml", &other);
    home.ok(&["compose", "out"]);
    assert_ne!(home.read("out/docker-compose.yml"), other);
    let rest = |state: super::State| {
        let written = FILES.map(|file| home.at(file));
        state.into_iter().filter(|(path, _)| !written.contains(path)).collect()
    };
    assert_kept(&rest(before), &rest(home.state("out")));
}
