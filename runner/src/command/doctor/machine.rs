//! The machine itself: kernel, limits, memory, folders, and what earlier runs left.

use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};

use meshproof_keeper::left;
use rustix::fs::{Access, access};
use rustix::net::{AddressFamily, SocketFlags, SocketType, netlink, socket_with};
use rustix::process::{
    PidfdFlags, Resource, getpid, getrlimit, parent_process_death_signal, pidfd_open,
};

use super::{Finding, Grade};
use crate::run::runs_folder;

/// Descriptors that a process of the built-in suites may need at once.
const FILES: u64 = 1024;
/// What a run of the built-in suites stays below, in MiB.
const MEMORY: u64 = 1024;

/// Looks at everything that a run of any mesh needs.
pub(super) fn look() -> Vec<Finding> {
    let mut findings = vec![kernel(), loopback(), open_files(), cores()];
    findings.extend(memory());
    findings.push(output());
    match runs_folder() {
        Ok(runs) => findings.extend([state(&runs), left_behind(&runs)]),
        Err(error) => findings.push(Finding::new(Grade::Bad, "state folder", error.to_string())),
    }
    findings
}

/// What the keeper and the fault proxy ask of the kernel.
fn kernel() -> Finding {
    let release = rustix::system::uname()
        .release()
        .to_string_lossy()
        .into_owned();
    let needed = [
        (
            "pidfd_open",
            pidfd_open(getpid(), PidfdFlags::empty()).is_ok(),
        ),
        ("parent-death signal", parent_process_death_signal().is_ok()),
        ("/proc", Path::new("/proc/self/stat").exists()),
    ];
    let missing: Vec<_> = needed
        .iter()
        .filter(|(_, there)| !there)
        .map(|(name, _)| *name)
        .collect();
    if !missing.is_empty() {
        let found = format!("Linux {release} without {}", missing.join(", "));
        return Finding::new(Grade::Bad, "kernel", found).advise(
            "use Linux 5.3 or later, with /proc mounted and a sandbox that permits these calls",
        );
    }
    if sock_diag().is_err() {
        return Finding::new(Grade::Note, "kernel", format!("Linux {release} without sock_diag"))
            .advise("links then learn by connecting whether their upstream listens, a little later than they could");
    }
    let found = format!("Linux {release}: pidfd, parent-death signal, /proc, sock_diag");
    Finding::new(Grade::Good, "kernel", found)
}

fn sock_diag() -> io::Result<()> {
    let (family, kind) = (AddressFamily::NETLINK, SocketType::RAW);
    socket_with(family, kind, SocketFlags::CLOEXEC, Some(netlink::SOCK_DIAG))?;
    Ok(())
}

fn loopback() -> Finding {
    let connected = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| TcpStream::connect(listener.local_addr()?));
    match connected {
        Ok(_) => Finding::new(Grade::Good, "loopback", "127.0.0.1 connects to itself"),
        Err(error) => Finding::new(Grade::Bad, "loopback", format!("127.0.0.1: {error}"))
            .advise("bring it up: `ip link set lo up`"),
    }
}

fn open_files() -> Finding {
    let limit = getrlimit(Resource::Nofile);
    let (soft, hard) = (
        limit.current.unwrap_or(u64::MAX),
        limit.maximum.unwrap_or(u64::MAX),
    );
    let found = match limit.current {
        Some(soft) => format!("{soft} descriptors a process"),
        None => "as many descriptors as a process wants".to_owned(),
    };
    if soft >= FILES {
        return Finding::new(Grade::Good, "open files", found);
    }
    let advice = if hard >= FILES {
        format!("raise it: `ulimit -n {FILES}`")
    } else {
        format!("raise it to {FILES} where logins get their limits: the hard limit is {hard}")
    };
    Finding::new(Grade::Bad, "open files", found).advise(advice)
}

fn cores() -> Finding {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    match cores {
        1 => Finding::new(Grade::Note, "cores", "1")
            .advise("demands on time may be inconclusive: two cores keep the noise of a run below what they grant"),
        cores => Finding::new(Grade::Good, "cores", cores.to_string()),
    }
}

/// Memory that is free for use; nothing where the kernel does not tell.
fn memory() -> Option<Finding> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let mib = line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? / 1024;
    let found = format!("{mib} MiB available");
    Some(if mib >= MEMORY {
        Finding::new(Grade::Good, "memory", found)
    } else {
        Finding::new(Grade::Note, "memory", found).advise(format!(
            "a run of the built-in suites stays below {MEMORY} MiB; `--jobs 1` takes the least"
        ))
    })
}

/// Where a run puts its evidence unless it is told otherwise.
fn output() -> Finding {
    let folder = Path::new("meshproof-out");
    match writable(&std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned())) {
        Ok(()) => Finding::new(
            Grade::Good,
            "output folder",
            "./meshproof-out can be written",
        ),
        Err(why) => Finding::new(Grade::Bad, "output folder", why)
            .advise("work in another folder, or name one with `run --out`"),
    }
}

fn state(runs: &Path) -> Finding {
    if let Err(why) = writable(runs) {
        return Finding::new(Grade::Bad, "state folder", why)
            .advise("name another with XDG_STATE_HOME");
    }
    Finding::new(
        Grade::Good,
        "state folder",
        format!("{} can be written", runs.display()),
    )
}

/// Whether a folder can be made or written, without making it.
fn writable(folder: &Path) -> Result<(), String> {
    let mut there = folder.to_owned();
    while !there.exists() {
        let parent = there.parent().map(PathBuf::from);
        there = parent.ok_or_else(|| format!("{}: there is no such folder", folder.display()))?;
    }
    if !there.is_dir() {
        return Err(format!("{}: is a file, not a folder", there.display()));
    }
    access(&there, Access::WRITE_OK | Access::EXEC_OK)
        .map_err(|error| format!("{}: cannot be written: {error}", there.display()))
}

fn left_behind(runs: &Path) -> Finding {
    match left(runs) {
        Ok(left) if left.is_empty() => {
            Finding::new(Grade::Good, "earlier runs", "left nothing behind")
        }
        Ok(left) => {
            let found = format!(
                "{} left something behind, the first: {}",
                left.len(),
                left[0].display()
            );
            Finding::new(Grade::Note, "earlier runs", found)
                .advise("end and remove it: `meshproof recover`")
        }
        Err(error) => Finding::new(
            Grade::Bad,
            "earlier runs",
            format!("{}: {error}", runs.display()),
        ),
    }
}
