//! Options of the command line, the same for every program.

use std::env;

/// The options of a program.
#[derive(Debug)]
pub struct Options {
    /// The number of rounds that count.
    pub rounds: usize,
    /// A twentieth of the operations, so that a run takes seconds and its figures mean little.
    pub is_quick: bool,
    only: Vec<String>,
    subjects: Vec<String>,
}

impl Options {
    /// Reads `--rounds N`, `--quick`, `--only NAME` and `--subject NAME`; the last two can be given several times.
    ///
    /// # Panics
    ///
    /// If there is another one.
    #[must_use]
    pub fn parse() -> Self {
        let mut options = Self { rounds: 5, is_quick: false, only: Vec::new(), subjects: Vec::new() };
        let mut arguments = env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().unwrap_or_else(|| panic!("{argument} needs a value"));
            match argument.as_str() {
                "--rounds" => options.rounds = value().parse().expect("a number of rounds"),
                "--only" => options.only.push(value()),
                "--subject" => options.subjects.push(value()),
                "--quick" => {
                    options.is_quick = true;
                    options.rounds = 2;
                }
                _ => panic!("unknown option {argument}; known are --rounds N, --quick, --only NAME, --subject NAME"),
            }
        }
        options
    }

    /// Returns true if this work was asked for.
    #[must_use]
    pub fn includes(&self, work: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|name| name == work)
    }

    /// Returns true if this subject was asked for.
    #[must_use]
    pub fn measures(&self, subject: &str) -> bool {
        self.subjects.is_empty() || self.subjects.iter().any(|name| name == subject)
    }

    /// This number of operations, or less with `--quick`.
    #[must_use]
    pub fn times(&self, times: u64) -> u64 {
        if self.is_quick { (times / 20).max(1) } else { times }
    }
}
