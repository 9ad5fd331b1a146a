//! `meshproof completions` and `meshproof man`: what the command line says of itself.

use std::io;
use std::path::{Path, PathBuf};

use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;

use super::Failure;
use super::output::print;
use crate::cli::Cli;

#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("--out {}: the manual pages cannot be written", .folder.display())]
#[diagnostic(help("its folder must be writable"))]
struct Unwritable {
    folder: PathBuf,
    #[source]
    source: io::Error,
}

pub(crate) fn completions(shell: Shell) -> Result<u8, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "meshproof", &mut script);
    print(&String::from_utf8_lossy(&script));
    Ok(0)
}

pub(crate) fn man(out: Option<&Path>) -> Result<u8, Failure> {
    let Some(folder) = out else {
        let mut page = Vec::new();
        let man = Man::new(Cli::command());
        man.render(&mut page).map_err(Failure::environment)?;
        print(&String::from_utf8_lossy(&page));
        return Ok(0);
    };
    let written = std::fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(Cli::command(), folder));
    written.map_err(|source| {
        Failure::input(Unwritable {
            folder: folder.to_owned(),
            source,
        })
    })?;
    Ok(0)
}
