//! The clauses of a SELECT, and the statement that they make.

use std::time::Duration;

use crate::query::condition::Tree;
use crate::query::expression::Term;
use crate::query::fragment::Fragment;
use crate::query::statement::Call;

#[derive(Debug, Clone)]
pub(super) struct Parts {
    pub(super) call: Call,
    pub(super) target: Target,
    pub(super) shape: Shape,
    /// Instead of all fields.
    pub(super) fields: Option<Fragment>,
    /// The links that are followed, beside the record itself.
    pub(super) links: Vec<String>,
    pub(super) filter: Vec<Tree>,
    pub(super) order: Vec<Fragment>,
    pub(super) limit: Option<Fragment>,
    pub(super) start: Option<Fragment>,
    pub(super) timeout: Option<Duration>,
    pub(super) locks: bool,
}

#[derive(Debug, Clone)]
pub(super) enum Target {
    /// A table, an id, or a range of ids.
    Source(Fragment),
    Ids(Vec<Term>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Rows,
    /// The row itself, or NONE.
    Row,
    Count,
    Exists,
}

impl Parts {
    pub(super) fn new(call: Call, table: Fragment) -> Self {
        Self {
            call,
            target: Target::Source(table),
            shape: Shape::Rows,
            fields: None,
            links: Vec::new(),
            filter: Vec::new(),
            order: Vec::new(),
            limit: None,
            start: None,
            timeout: None,
            locks: false,
        }
    }

    pub(super) fn surql(&self) -> Fragment {
        if self.links.is_empty() {
            return self.select(self.only()).timeout(self.timeout).text(self.lock());
        }
        // Around the select, so that the record is what it would be without the links.
        let row = Fragment::new(format!("SELECT VALUE [$this, {}] FROM ", self.links.join(", ")));
        let select = self.select("").text(self.lock());
        row.text(self.only()).text("(").then(select).text(")").timeout(self.timeout)
    }

    fn only(&self) -> &'static str {
        if self.shape == Shape::Row { "ONLY " } else { "" }
    }

    fn select(&self, only: &str) -> Fragment {
        let fields = match (self.shape, &self.fields) {
            (Shape::Count, _) => Fragment::new("count()"),
            (Shape::Exists, _) => Fragment::new("VALUE true"),
            (Shape::Rows | Shape::Row, Some(fields)) => fields.clone(),
            (Shape::Rows | Shape::Row, None) => Fragment::new("*"),
        };
        let limit = match self.shape {
            Shape::Exists => Some(Fragment::new("1")),
            Shape::Rows | Shape::Row | Shape::Count => self.limit.clone(),
        };
        let mut statement = Fragment::new("SELECT ").then(fields).text(" FROM ").text(only).then(self.target());
        if !self.filter.is_empty() || self.counts_ids() {
            statement = statement.text(" WHERE ").then(Tree::all(self.filter.iter().cloned()).into_fragment());
        }
        if self.shape == Shape::Count {
            statement = statement.text(" GROUP ALL");
        }
        if !self.order.is_empty() {
            statement = statement.text(" ORDER BY ").joined(self.order.iter().cloned(), ", ");
        }
        for (keyword, number) in [(" LIMIT ", limit), (" START ", self.start.clone())] {
            statement = number.map_or(statement.clone(), |number| statement.text(keyword).then(number));
        }
        statement
    }

    /// The server (3.3.5) fails to count an array of ids without a condition.
    fn counts_ids(&self) -> bool {
        self.shape == Shape::Count && matches!(self.target, Target::Ids(_))
    }

    fn target(&self) -> Fragment {
        match &self.target {
            Target::Source(source) => source.clone(),
            // The server (3.3.5) locks records that are targets of their own, and none in an array.
            Target::Ids(ids) if self.locks && !ids.is_empty() => {
                Fragment::default().joined(ids.iter().cloned().map(Term::into_fragment), ", ")
            }
            Target::Ids(ids) => Term::array(ids.clone()).into_fragment(),
        }
    }

    fn lock(&self) -> &'static str {
        match &self.target {
            Target::Ids(ids) if ids.is_empty() => "",
            _ if self.locks => " FOR UPDATE",
            _ => "",
        }
    }
}
