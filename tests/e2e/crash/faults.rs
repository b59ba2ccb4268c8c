//! Every change of the disk fails once, and kills once: `strace` injects it.

use crate::support::PROGRAM;
use std::process::{Command, Output};

use crate::support::runtime::{FIRST, Runtime, SECOND};
use crate::support::text;

/// The system calls that change a disk.
pub const CHANGES: &str = "mkdir,mkdirat,rename,renameat,renameat2,unlink,unlinkat,rmdir,write,pwrite64,\
                       copy_file_range,ftruncate,fchmod,chmod,fchmodat,fsync,syncfs";

/// Runs `init` with `fault` injected at the `n`th change in any thread. The bool says whether the fault hit
/// the disk: the same system calls write messages, too.
fn run(place: &Runtime, fault: &str, n: usize) -> (Output, bool) {
    let log = place.path().join("strace");
    let mut strace = Command::new("strace");
    strace.arg("-f").arg("-qq").arg("-o").arg(&log).args(["-e", &format!("trace={CHANGES}")]);
    strace.args(["-e", &format!("inject={CHANGES}:{fault}:when={n}")]);
    strace.arg(PROGRAM).args(place.arguments(SECOND, 2));
    strace.env("RAYON_NUM_THREADS", "2").current_dir(place.path());
    let output = strace.output().expect("strace: apt-get install strace");
    let log = std::fs::read_to_string(log).unwrap();
    let spoken = |line: &str| line.contains("write(2,") && line.contains("INJECTED");
    (output, !log.lines().any(spoken))
}

/// For every change, from a genesis of other keys and from none, until a run meets no fault.
fn at_every_change(fault: &str, check: impl Fn(&Output)) {
    for earlier_run in [false, true] {
        let mut met = 0;
        for n in 1.. {
            let place = Runtime::new();
            if earlier_run {
                place.succeeds(FIRST, 3);
            }
            let (output, disk) = run(&place, fault, n);
            if output.status.success() {
                assert_eq!(place.complete(), Some(2), "{fault} at {n}");
            } else {
                met = n;
                if disk {
                    check(&output);
                }
                let found = place.complete();
                assert!([None, Some(3), Some(2)].contains(&found), "{fault} at {n}: {found:?}");
            }
            place.succeeds(SECOND, 2);
            assert!(!place.out().join(".regenesis/new").exists());
            // No thread makes so many changes in a run.
            if n > met + 40 {
                break;
            }
        }
        assert!(met > 10, "{fault}: {met}");
    }
}

#[test]
fn a_run_killed_at_any_disk_operation_is_repaired() {
    at_every_change("signal=KILL", |output| assert_eq!(output.stdout, b""));
}

#[test]
fn a_failed_disk_operation_is_reported() {
    for fault in ["error=ENOSPC", "error=EIO", "error=EROFS"] {
        at_every_change(fault, |output| {
            let stderr = text(output);
            assert_eq!(output.status.code(), Some(7), "{fault}: {stderr}");
            assert!(!stderr.contains("panicked"), "{stderr}");
            assert_eq!(stderr.matches("error: ").count(), 1, "{stderr}");
            assert!(fault == "error=EIO" || stderr.contains("hint: "), "{stderr}");
        });
    }
}

/// A file system that is too small for a run, or for a second one beside the first.
#[test]
fn a_full_disk_is_reported_and_leaves_no_marker() {
    let mut failed = 0;
    for kilobytes in (20..=300).step_by(20) {
        let place = Runtime::new();
        std::fs::create_dir(place.path().join("disk")).unwrap();
        let arguments =
            place.arguments(SECOND, 40).join(" ").replace("--out out", "--out disk/out");
        let script = format!(
            "mount -t tmpfs -o size={kilobytes}k none disk && \"$0\" {arguments}; echo $?; \
             \"$0\" {arguments}; echo $?; ls -A disk/out disk/out/.regenesis; \
             mount -o remount,size=4m disk; \"$0\" {arguments}; echo $?"
        );
        let mut unshare = Command::new("unshare");
        unshare.args(["-rm", "sh", "-c", &script, PROGRAM]);
        let output = unshare.current_dir(place.path()).output();
        let output = output.expect("unshare: apt-get install util-linux");
        let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), text(&output));
        let lines: Vec<&str> = stdout.lines().collect();
        assert!(
            ["0", "7"].contains(&lines[0]) && ["0", "7"].contains(&lines[1]),
            "{stdout}{stderr}"
        );
        assert_eq!(lines.last(), Some(&"0"), "with room it is repaired: {stdout}{stderr}");
        assert_eq!(lines.contains(&"regenesis.json"), lines[1] == "0", "{stdout}{stderr}");
        assert!(!lines.contains(&"new") && !lines.contains(&"old"), "{stdout}");
        let full = stderr.lines().filter(|line| line.ends_with("(os error 28)")).count();
        let hints = stderr.matches("hint: a run needs space for the old and the new files").count();
        assert_eq!((full, hints), (lines[..2].iter().filter(|code| **code == "7").count(), full));
        failed += full;
    }
    assert!(failed > 4, "{failed}");
}
