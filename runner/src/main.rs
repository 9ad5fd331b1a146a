//! Conformance and chaos testing for service meshes.
//!
//! One program with many roles: the command line a person uses, and the processes of the world it
//! deploys (keeper, sample service, fault proxy, reference mesh), for which it executes itself again.

mod case;
mod cli;
mod command;
mod plan;
mod role;
mod run;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(code) = role::play(&arguments) {
        return code;
    }
    let cli = Cli::parse();
    let done = match cli.command {
        Command::Run(options) => command::run::run(&options),
        Command::List { what } => command::list::list(what),
        Command::Show { case, suite } => command::show::show(&suite, &case),
        Command::Check { history } => command::check::check(&history),
        Command::Validate { file } => command::validate::validate(&file),
        Command::Recover => command::recover::recover(),
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(failure) => failure.render(),
    }
}
