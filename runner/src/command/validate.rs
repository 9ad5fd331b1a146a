//! `meshproof validate`: what is wrong with cases or a mesh profile.

use std::path::Path;

use meshproof_fixtures::Profile;

use super::output::print;
use super::{Failure, load_suite};

pub(crate) fn validate(path: &Path) -> Result<u8, Failure> {
    let name = path.to_string_lossy();
    let told = if path.join("mesh.yaml").is_file() {
        let profile = Profile::load(&name).map_err(Failure::input)?;
        profile.rehearse().map_err(Failure::input)?;
        format!("{name}: mesh `{}` is sound\n", profile.spec.name)
    } else {
        let suite = load_suite(&name)?;
        format!("{name}: {} cases, all sound\n", suite.cases.len())
    };
    print(&told);
    Ok(0)
}
