//! `up.sh` in a snapshot leaves the start to `regenesis up` if that starts the same stack, and else starts it
//! itself. Both run a stub of `docker` that has every image except geth's.

use std::net::TcpListener;
use std::process::Command;

use crate::support::place::Ended;
use crate::support::{Place, repository, without_variables};

/// Records every call. It has no containers, and cannot pull.
const DOCKER: &str = r#"#!/bin/sh
echo "$@" >>"$CALLS"
case "$*" in
  "version "*) echo 28.2 ;;
  "compose version"*) echo 2.36 ;;
  *" config") echo "    image: ethereum/client-go:none" ;;
  "pull "*) echo "no such host" >&2; exit 1 ;;
  "image inspect "*ethereum/client-go*) exit 1 ;;
esac
"#;
/// The folder of the stack.
const APP: &str = "work/app";
/// `regenesis up --dry-run`
const DRY_RUN: (&str, &str) = ("REGENESIS_DRY_RUN", "true");

/// A snapshot with its stack in `work/app`, and programs in `bin`.
struct Machine(Place);

impl Machine {
    fn new() -> Self {
        let machine = Self(Place::new());
        machine.0.add_sample(APP);
        machine.0.run(&["compose", APP]).succeeds();
        let free = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let [http, ws, beacon] = free.map(|free| free.local_addr().unwrap().port());
        let ports = format!("EL_HTTP_PORT={http}\nEL_WS_PORT={ws}\nCL_HTTP_PORT={beacon}\n");
        machine.0.write("work/app/.env", ports);
        machine.0.executable("bin/docker", DOCKER);
        machine
    }

    /// With the program under test in `bin`: a copy, because a program in a checkout builds images.
    fn with_program() -> Self {
        let machine = Self::new();
        machine.0.copy_program();
        machine.0.shell("mv regenesis bin/");
        machine
    }

    /// Runs `up.sh` with these variables, from another directory.
    fn up(&self, variables: &[(&str, &str)]) -> Ended {
        let path = format!("{}:/usr/bin:/bin", self.0.at("bin").display());
        let mut command = Command::new(self.0.at(APP).join("up.sh"));
        without_variables(&mut command);
        for name in ["SNAPSHOT", "COMPOSE_FILE", "COMPOSE_PROJECT_NAME", "WAIT", "DOCKER_HOST"] {
            command.env_remove(name);
        }
        command.env("PATH", path).env("CALLS", self.0.at("calls"));
        command.env("XDG_STATE_HOME", self.0.at("state")).current_dir(self.0.at("work"));
        Ended::of(command.envs(variables.iter().copied()))
    }

    /// Asserts that the script itself fails at the image of geth.
    fn script_starts(&self, what: &str, variables: &[(&str, &str)]) -> Ended {
        let up = self.up(variables);
        assert_eq!(up.code, Some(10), "{what}: {up:?}");
        assert!(up.stderr.contains("pulling ethereum/client-go:none …\n"), "{what}: {up:?}");
        up
    }
}

#[test]
fn up_sh_leaves_the_start_to_the_program() {
    let machine = Machine::with_program();
    let up = machine.up(&[]);
    assert_eq!(up.code, Some(10), "{up:?}");
    assert!(up.stderr.contains("hint: set GETH_IMAGE to another image"), "{up:?}");
    assert!(!machine.0.read("calls").contains("info"), "the script asked Docker");
    // A line of the folder's own .env stays.
    assert!(!machine.0.read("work/app/.env").contains("COMPOSE_PROJECT_NAME"));
}

#[test]
fn the_program_has_the_project_and_the_settings_of_the_script() {
    let machine = Machine::new();
    let ports = machine.0.read("work/app/.env");
    machine.0.shell("rm work/app/.env");
    machine.script_starts("without the program", &[]);
    let calls = machine.0.read("calls");
    let named = calls.lines().find_map(|call| call.strip_suffix(" config")).expect(&calls);
    let project = named.rsplit(' ').next().unwrap();
    machine.0.copy_program();
    machine.0.shell("mv regenesis bin/");
    let settings = [DRY_RUN, ("WAIT", "7"), ("GETH_IMAGE", "mine:1")];
    let up = machine.up(&settings).succeeds();
    // Plain docker compose finds the stack of the program, too.
    let env = machine.0.read("work/app/.env");
    assert!(env.ends_with(&format!("\nCOMPOSE_PROJECT_NAME={project}\n")), "{env}");
    let file = machine.0.at(APP).canonicalize().unwrap().join("docker-compose.yml");
    assert!(up.stdout.starts_with(&format!("stack {project}, from {}\n", file.display())));
    for line in ["WAIT=7 (shell)", "GETH_IMAGE=mine:1 (shell)"] {
        assert!(up.stdout.contains(&format!("  {line}\n")), "{line}: {}", up.stdout);
    }
    let foreign = "BIND=0.0.0.0\nREGENESIS_IMAGE=evil:1\nREGENESIS_LEAD=9\n";
    machine.0.write("work/app/.env", ports.clone() + foreign);
    let up = machine.up(&[DRY_RUN]).succeeds();
    for line in [ports.lines().next().unwrap(), "REGENESIS_LEAD=9"] {
        assert!(up.stdout.contains(&format!("  {line} (.env line ")), "{line}: {}", up.stdout);
    }
    assert!(!up.stdout.contains("0.0.0.0") && !up.stdout.contains("evil"), "{}", up.stdout);
    assert_eq!(up.stderr.matches("is not read from a snapshot's folder").count(), 2, "{up:?}");
    let named = machine.up(&[DRY_RUN, ("COMPOSE_PROJECT_NAME", "mine")]).succeeds();
    assert!(named.stdout.starts_with("stack mine, from "), "{named:?}");
}

#[test]
fn the_program_starts_nothing_that_the_script_would_not() {
    let machine = Machine::with_program();
    machine.0.shell("cp -r work/app before");
    for (what, edit, variables) in [
        ("an edited script", "echo '# mine' >>work/app/up.sh", &[][..]),
        ("an edited compose file", "echo '# mine' >>work/app/docker-compose.yml", &[]),
        ("a setting that only the script ignores", "echo EL_HTP_PORT=1 >>work/app/.env", &[]),
        ("other compose files", "true", &[("COMPOSE_FILE", "docker-compose.yml")]),
        ("no place for its files", "true", &[("XDG_STATE_HOME", "/dev/null/state")]),
    ] {
        machine.0.shell(edit);
        machine.script_starts(what, variables);
        machine.0.shell("rm -r work/app && cp -r before work/app");
    }
    let up = machine.up(&[]);
    assert!(up.stderr.contains("hint: set GETH_IMAGE to another image"), "{up:?}");
}

#[test]
fn another_program_of_this_name_changes_nothing() {
    let machine = Machine::new();
    for (what, answer) in [
        ("an older version", "echo \"error: unrecognized subcommand '$1'\" >&2; exit 2"),
        ("a program that prints something", "echo \"$@\""),
        ("one that fails after its answer", "echo stack app; exit 1"),
    ] {
        machine.0.executable("bin/regenesis", &format!("#!/bin/sh\n{answer}\n"));
        let up = machine.script_starts(what, &[]);
        assert!(!up.stderr.contains("unrecognized"), "{up:?}");
    }
}

/// A snapshot may come from a stranger.
#[test]
fn a_folder_does_not_choose_what_runs() {
    let machine = Machine::new();
    let ran = machine.0.at("ran");
    let evil = format!("#!/bin/sh\ntouch '{}'\necho stack app\n", ran.display());
    machine.0.shell("mkdir -p work/app/bin work/bin && ln -s work/app/bin link");
    for program in ["regenesis", "docker"] {
        machine.0.executable(&format!("{APP}/{program}"), &evil);
        machine.0.executable(&format!("{APP}/bin/{program}"), &evil);
        machine.0.executable(&format!("work/bin/{program}"), &evil);
    }
    let (folder, link) = (machine.0.at(APP), machine.0.at("link"));
    let rest = format!("{}:/usr/bin:/bin", machine.0.at("bin").display());
    for entry in [
        "",
        ".",
        "bin",
        "../bin",
        folder.to_str().unwrap(),
        folder.join("bin").to_str().unwrap(),
        link.to_str().unwrap(),
    ] {
        machine.script_starts(entry, &[("PATH", &format!("{entry}:{rest}"))]);
        assert!(!ran.exists(), "{entry:?}");
    }
    // An empty PATH means the working directory; messages need programs, too.
    for program in ["basename", "grep", "sed", "tr"] {
        machine.0.executable(&format!("{APP}/{program}"), &evil);
    }
    for (path, argument) in
        [(".", ""), ("", ""), (folder.to_str().unwrap(), ""), (".:/usr/bin:/bin", "x")]
    {
        let mut script = std::process::Command::new("/bin/sh");
        script.arg("./up.sh").args(Some(argument).filter(|argument| !argument.is_empty()));
        let output = script.env("PATH", path).current_dir(&folder).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{path:?}: {output:?}");
        assert!(!ran.exists(), "{path:?}");
    }
}

/// The stack of compose/ has a file, a project and an image of its own.
#[test]
fn up_sh_of_the_repository_asks_no_program() {
    let machine = Machine::new();
    let calls = machine.0.at("asked");
    let asked = format!("#!/bin/sh\ntouch '{}'\n", calls.display());
    machine.0.executable("bin/regenesis", &asked);
    machine.script_starts("a snapshot", &[]);
    assert!(calls.exists());
    machine.0.shell("rm -r asked work/app && mkdir work/app");
    let compose = repository().join("compose");
    machine
        .0
        .shell(&format!("cp '{0}/docker-compose.yml' '{0}/up.sh' work/app", compose.display()));
    machine.script_starts("the repository", &[]);
    assert!(!calls.exists());
}
