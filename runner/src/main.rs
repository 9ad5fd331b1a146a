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

use crate::cli::{Cli, Command, Mesh};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(code) = role::play(&arguments) {
        return code;
    }
    let cli = Cli::parse();
    let done = match cli.command {
        Command::Run(options) => command::run::run(&options),
        Command::List { what } => command::list::list(what),
        Command::Show { case, suite, yaml } => command::show::show(suite.as_deref(), &case, yaml),
        Command::Spec { suite } => command::spec::spec(suite.as_deref()),
        Command::Report { from, report } => command::report::report(&from, &report),
        Command::Check(options) => command::check::check(&options),
        Command::Validate { file } => command::validate::validate(&file),
        Command::Mesh { what } => match what {
            Mesh::Check { mesh } => command::mesh::check(&mesh),
        },
        Command::Doctor { mesh } => command::doctor::doctor(mesh.as_deref()),
        Command::Recover => command::recover::recover(),
        Command::Schema { format } => command::schema::schema(format),
        Command::Completions { shell } => command::manual::completions(shell),
        Command::Man { out } => command::manual::man(out.as_deref()),
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(failure) => failure.render(),
    }
}
