//! `meshproof recover`: ends what a killed run may have left behind.

use meshproof_keeper::{Outcome, recover as recover_runs};

use super::Failure;
use super::output::print;
use crate::run::runs_folder;

pub(crate) fn recover() -> Result<u8, Failure> {
    let runs = runs_folder().map_err(Failure::environment)?;
    let recovered = recover_runs(&runs).map_err(Failure::environment)?;
    if recovered.is_empty() {
        print("nothing was left behind\n");
        return Ok(0);
    }
    let mut code = 0;
    for run in recovered {
        let name = run.run.display();
        let told = match run.outcome {
            Outcome::Live => format!("{name}: still runs, left alone\n"),
            Outcome::Cleaned { ended } => {
                format!("{name}: removed, {} processes ended\n", ended.len())
            }
            Outcome::Left { ended, why } => {
                code = 3;
                format!(
                    "{name}: {} processes ended, the folder is left: {why}\n",
                    ended.len()
                )
            }
        };
        print(&told);
    }
    Ok(code)
}
