//! What runs adg where: `cluster_config/`.

use crate::script::script;

#[test]
fn what_runs_adg_gives_it_arguments_that_it_takes() {
    script("cluster_config.py", &[]);
}
