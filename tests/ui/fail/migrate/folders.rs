//! A folder of migrations that cannot be read, and arguments that are none.

use surreal_session::migrate;
use surreal_session::migration::Migrations;

static NOWHERE: Migrations = migrate!("nowhere");
static OPTION: Migrations = migrate!(migrations);

fn main() {}
