//! The roles that this program plays in processes of their own: it executes itself again for each.

use std::process::ExitCode;

/// Plays the role named by the first argument, if it is one.
pub(crate) fn play(arguments: &[String]) -> Option<ExitCode> {
    let (name, rest) = arguments.split_first()?;
    let rest = rest.to_vec();
    match name.as_str() {
        "__keeper" => Some(meshproof_keeper::main(rest)),
        "__shim" => Some(meshproof_keeper::shim(rest)),
        "__service" => Some(meshproof_service::main()),
        "__faultproxy" => Some(meshproof_faultproxy::main(rest)),
        "__relay" => Some(meshproof_relay::main(rest)),
        "__refmesh" => Some(meshproof_refmesh::main(rest)),
        "__hog" => Some(meshproof_fixtures::hog(&rest)),
        "__late" => Some(meshproof_fixtures::late(&rest)),
        _ => None,
    }
}
